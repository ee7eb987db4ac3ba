"""Which language a text seems to be in: by its script and, where several languages share it, by its most frequent words.

It gives no answer unless it is sure: for short texts, texts in two languages, and unknown languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from forum.plaintext import fold, normalized

MAX_CHARACTERS = 6_000  # that are read: more would not improve the result
MIN_LETTERS = 12  # for scripts in which fewer letters say more, such as Han
SCRIPT_SHARE = 0.75  # of all letters: a text in one script may contain names in another
MIN_WORDS = 12
# Share of words that are among the most frequent of the language; lower where small words are written as parts of
# others
KNOWN_SHARE, KNOWN_SHARE_IN_LATIN = 0.08, 0.18
MIN_KNOWN = 4  # different ones
MIN_OURS = 3  # words that this language has, and another one has not
MARGIN = 4  # as many times as the other way round

# The letters of each script and the languages written in it. They are distinguished by their `WORDS`, if they have
# any; otherwise the first is the most likely.
LATIN = "latin"
SCRIPTS = {
    "arabic": (r"؀-ۿݐ-ݿ", ("ar", "fa", "ur", "ps", "ha", "pa")),
    "armenian": (r"԰-֏", ("hy",)),
    "bengali": (r"ঀ-৿", ("bn",)),
    "burmese": (r"က-႟", ("my",)),
    "cyrillic": (
        r"Ѐ-ԯ",
        ("ru", "uk", "bg", "be", "sr", "mk", "kk", "ky", "mn", "tg", "az", "bs", "tk", "uz"),
    ),
    "devanagari": (r"ऀ-ॿ", ("hi", "mr", "ne")),
    "ethiopic": (r"ሀ-፿", ("am",)),
    "georgian": (r"Ⴀ-ჿ", ("ka",)),
    "greek": (r"Ͱ-Ͽἀ-῿", ("el",)),
    "gujarati": (r"઀-૿", ("gu",)),
    "gurmukhi": (r"਀-੿", ("pa",)),
    "han": (r"㐀-䶿一-鿿", ("zh", "ja")),
    "hangul": (r"가-힣ᄀ-ᇿ", ("ko",)),
    "hebrew": (r"֐-׿", ("he",)),
    "kana": (r"ぁ-ヿ", ("ja",)),
    "kannada": (r"ಀ-೿", ("kn",)),
    "khmer": (r"ក-៿", ("km",)),
    "lao": (r"຀-໿", ("lo",)),
    "malayalam": (r"ഀ-ൿ", ("ml",)),
    "odia": (r"଀-୿", ("or",)),
    "sinhala": (r"඀-෿", ("si",)),
    "tamil": (r"஀-௿", ("ta",)),
    "telugu": (r"ఀ-౿", ("te",)),
    "thai": (r"฀-๿", ("th",)),
    LATIN: (r"A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ", ()),
}
SAME_WORDS = ("bs", "hr", "sr")  # in Latin letters they cannot be distinguished
KANA_SHARE = 0.1  # of the letters of a Japanese text, at least; the others are Han
LETTERS = {name: re.compile(f"[{letters}]") for name, (letters, _languages) in SCRIPTS.items()}
ADDRESS = re.compile(r"\S+://\S+|\S+@\S+|@\S+")
WORD = re.compile(r"""[^\s\d'’.,;:!?…()\[\]«»„“”"|*/_<>#+=&%~–—।،؛؟·•-]+""")

# The most frequent short words of languages that share a script
WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in a is that for it was on with as at by they from not have this be were but or which had there their has who when can will all if no what would so up out about than into we you our are its how been these after one more",
        "fr": "de la le et les des en un une du que qui est pour dans nous sur pas avec par au aux ce cette ces il elle ils sont a été mais ou où plus ne se son sa ses leur leurs on y vous être fait d l qu n s c j comme sans deux tout très",
        "es": "de la que a no el en y los se un por con una para es las del al lo como más pero sus le ya o este fue ha sí porque esta son entre está cuando muy sin sobre ser también me hasta hay donde han quien desde nos durante ni esto todos nuestra nuestro eso uno dos años después",
        "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao das à seu sua ou quando muito nos já também pelo pela até isso ela entre depois sem mesmo aos são foi está há nas num numa nós ser tem às dois",
        "gl": "de a o que e do da en un para con non unha os no se na por máis as dos como pero ao das á seu súa ou cando moi nos xa tamén polo pola ata isto ela entre sen mesmo son foi está hai nas nun nunha ser ten ás dous logo",
        "ca": "de la que el i a en els les un una per amb no és del al es dels ha més com va però són si o seva seu aquest aquesta molt quan també ser les pel pels fins hi tot on sense sobre després anys dos han nostra",
        "it": "di e il la che in un a per è una sono con non si da del della le i gli al dei delle nel nella alla ma come più o anche lo ha ci questo questa se loro dal dalla ai su l d dell all un nell sul sulla stato essere hanno dove quando molto abbiamo due anni",
        "ro": "de și în a la cu o că pe nu un din pentru este se care sunt mai ce o să au fost prin le ca lui ale al ei dar sau după fi am când până unei unui această acest foarte noi",
        "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man wir ihre unsere kann wenn",
        "nl": "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit nog wordt door naar heeft over deze ze dit we worden werd onze hebben kan meer hun geen wij veel zo was tot wat je die al hij waar",
        "af": "die van en in is het dat nie n op vir met te wat aan om ook as maar by uit ons hulle sy hierdie deur word na kan moet wees was een meer sal daar of hy jy baie nog so",
        "da": "og i at det er en til på som de med for den af der ikke et har var vi kan jeg om han fra men hun sig så ved være efter bliver mellem blev også eller når noget hvor havde meget nu hvis os over under mere vores få ud op uden",
        "nb": "og i at det er en til på som de med for den av der ikke et har var vi kan jeg om han fra men hun seg så ved være etter blir mellom ble også eller når noe hvor hadde mye nå hvis oss over under mer vår få ut opp uten",
        "sv": "och i att det är en till på som de med för den av där inte ett har var vi kan jag om han från men hon sig så vid vara efter blir mellan blev också eller när något hur hade mycket nu oss över under mer vår få ut upp utan",
        "is": "og í að það er til á sem með fyrir en af við ekki um var hefur hafa eru þess því hann hún eða þar þegar frá svo verið vera eftir við okkar ef nú þetta",
        "fi": "ja on ei että se oli mutta ovat kun niin myös tai kuin sen jos mitä hän ole joka vain sekä jo mukaan nyt olla voi ne vielä siitä sitä siellä olisi jotka ennen kaikki hyvin koska me meidän tämä tämän noin sitten vuoden",
        "et": "ja on ei et see oli kui ka aga oma mis ning või siis ta selle nii kes veel seda välja pärast oli välja meie need juba kõik olid ole pole kuid",
        "pl": "i w na z do się nie to jest że o od za po jak przez dla ale są był było ich co już tylko przy te tym jego być które który która oraz lub tak czy może także ten można bardzo tego nas ze pod my jednak gdy bo",
        "cs": "a v na se je že s z do o i to ve k pro za by ale jsou si po jako tak od ze při byl jen jeho už který které která nebo co být však jsme také bylo aby jsem když než není u můžeme",
        "sk": "a v na sa je že s z do o aj to vo k pre za by ale sú si po ako tak od zo pri bol len jeho už ktorý ktoré ktorá alebo čo byť však sme tiež bolo aby som keď než nie u môžeme",
        "sl": "in je v na za se da so ki z po pa ne s bi tudi ali kot iz od pri o bil še ker bolj lahko ni smo med samo vse ko do biti",
        "hr": "i u je na se da za su od s a o ne kao to ili iz do po koji bi što koja samo nije sve kako ali ima smo više nakon između biti može te",
        "hu": "a az és hogy nem is egy ez meg volt csak de ha már van még mint azt vagy el ki le lehet kell majd aki ami után szerint ezt minden nagyon itt olyan több",
        "az": "və bir bu da də üçün ilə çox daha kimi nə qədər sonra olan var hər amma deyil o olduğu ki yox biz görə iki isə öz bizim bütün olaraq onun",
        "tr": "ve bir bu da de için ile çok daha olarak gibi ne kadar sonra olan var mi en her ama değil o olduğu ya yok biz göre iki ise şey önce mı oldu bizim kendi veya bütün",
        "id": "yang dan di untuk dengan ini itu dari pada tidak dalam akan ke kami karena juga ada oleh adalah bisa kita sudah atau lebih telah saat saya mereka tersebut sebagai bahwa kepada tetapi satu dapat harus setelah tahun seperti hanya namun secara",
        "ms": "yang dan di untuk dengan ini itu dari pada tidak dalam akan ke kami kerana juga ada oleh adalah boleh kita sudah atau lebih telah ketika saya mereka tersebut sebagai bahawa kepada tetapi satu dapat mesti selepas tahun seperti hanya",
        "vi": "và của là có được trong cho không các một những với người này đã khi đến để ở từ như cũng chúng tôi về nhưng nhiều sẽ hơn đó ra vào còn rất đang thì nếu tại năm phải sau trên",
        "sw": "ya na wa kwa ni katika za la kuwa hii huo hiyo kama cha vya lakini pia watu hayo sana baada au hilo yetu yake wao kila hivyo wetu ili mwaka huu bila zaidi yao hizo sisi tu alikuwa ambayo ambao kwamba",
        "ru": "и в не на что мы с по для это как из а к но за от у о же все так его или было уже они их если бы есть только чтобы еще ещё при до том также наш быть который которые где когда после были нас очень может",
        "uk": "і в не на що ми з по для це як із а до але за від у про же все так його або було вже вони їх якщо би є тільки щоб ще при й та також наш бути який які де коли після були нас дуже може",
        "be": "і ў не на што мы з па для гэта як а да але за ад у пра ж усе так яго або было ўжо яны іх калі бы ёсць толькі каб яшчэ пры таксама наш быць які якія дзе пасля былі нас вельмі можа",
        "bg": "и в не на че ние с по за това как от а към но до у о се все така го или беше вече те ги ако би има само да още при също нашия бъде който които къде когато след бяха ни много може са е ще",
        "sr": "и у не на што ми с по за то како из а али од о све тако га или било већ они их ако би има само да још при такође наш бити који које где када после били нас веома може је су се",
        "mk": "и во не на што ние со по за тоа како од а но до се сè така го или беше веќе тие ги ако би има само да уште при исто наш биде кој кои каде кога по беа нè многу може е сме",
        "ar": "في من على إلى أن هذا مع كان عن بعد هذه التي الذي لا ما كل أو بين لم قد كانت ذلك هو هي ثم حتى عند منذ لكن نحن إذا كما قبل أكثر غير أي إن وقد ولا",
        "fa": "در به از که این را با است برای آن یک های خود تا می بود شد هم ما کرد بر یا نیز شده اما هر پس همه آنها اگر باید کند ها دارد",
        "ur": "کے میں کی ہے اور سے کا کو اس کہ ہیں نے پر ایک یہ بھی ہم تھا نہیں کر گیا ہو لیے وہ جو تو تھے کیا ان لوگ بعد ساتھ ہوا تک",
        "ps": "د په او چې له کې ته دا دی یو سره هم پر ده هغه نه شي دي څخه لپاره کړي کړ مو وه ولري خپل",
        "hi": "के में की है और से का को पर यह हम ने भी एक हैं नहीं कि तो था जो लिए कर हो इस वह थे गया साथ लोग अपने या किया बाद जब",
        "mr": "आणि आहे या च्या ते मध्ये हे आम्ही एक नाही तर होते केले आहेत पण त्या साठी होता की हा जे झाले करून असे काही किंवा नंतर आपल्या",
        "ne": "र को मा छ हो ले लाई यो हामी पनि एक छन् गर्न थियो भने तर गरेको लागि छैन हुन् भएको यस त्यो बाट गर्ने हाम्रो पछि",
    }.items()
}


@cache
def common_words() -> frozenset[str]:
    """The most frequent words of all these languages, as search compares them."""
    return frozenset(fold(word) for words in WORDS.values() for word in words)


def reads_like(text: str, marked: str) -> str | None:
    """The code of the language in which a plain text certainly is, if it is not the marked one.

    None when the mark is right, or nothing is certain.
    """
    text = ADDRESS.sub(" ", normalized("NFC", text[:MAX_CHARACTERS]))
    script = _script_of(text)
    if script is None:
        return None
    known = SCRIPTS[script][1]
    if marked in known and marked not in WORDS:
        return None  # nothing distinguishes it from others of its script
    if script != LATIN and WORDS.keys().isdisjoint(known):
        return known[0]
    likely = _by_words(text, KNOWN_SHARE_IN_LATIN if script == LATIN else KNOWN_SHARE)
    is_same = likely == marked or (likely in SAME_WORDS and marked in SAME_WORDS)
    return None if is_same else likely


def _script_of(text: str) -> str | None:
    """The script of nearly all letters of a text (Han mixed with kana counts as kana). None for few letters, or several scripts."""
    counted = {name: len(letters.findall(text)) for name, letters in LETTERS.items()}
    total = sum(counted.values())
    if counted["kana"] > KANA_SHARE * (counted["han"] + counted["kana"]):
        counted["kana"] += counted.pop("han")
    script = max(counted, key=counted.__getitem__)
    return script if counted[script] >= max(MIN_LETTERS, SCRIPT_SHARE * total) else None


def _by_words(text: str, share: float) -> str | None:
    words = WORD.findall(text.casefold())
    if len(words) < MIN_WORDS:
        return None
    known = {language: [word for word in words if word in WORDS[language]] for language in WORDS}
    likely = max(known, key=lambda language: len(known[language]))
    is_known = len(known[likely]) >= share * len(words) and len({*known[likely]}) >= MIN_KNOWN
    others = (language for language in WORDS if language != likely)
    is_sure = is_known and all(_is_rather(likely, other, known) for other in others)
    return likely if is_sure else None


def _is_rather(likely: str, other: str, known: Mapping[str, Sequence[str]]) -> bool:
    """Whether a text has many words of only the first of two languages, and few of only the second."""
    ours = sum(word not in WORDS[other] for word in known[likely])
    theirs = sum(word not in WORDS[likely] for word in known[other])
    return ours >= max(MIN_OURS, MARGIN * theirs)
