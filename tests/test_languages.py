"""Recognising the language of a text: each known language is recognised, and for every other text the answer is none."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from forum.filling.forms import LANGUAGES, words
from forum.languages import MAX_CHARACTERS, MIN_WORDS, WORDS, reads_like
from forum.markup import plain
from forum.members.queries import language_names
from forum.phrases import Texts

DEMO = Path(__file__).parent.parent / "forum/transfer/data"
# The same story in many languages
TOLD = {
    "es": "El año pasado cerramos la calle de la escuela a los coches y muchos dijeron que no iba a funcionar. Ahora nadie quiere la calle vieja, porque los niños pueden jugar otra vez y las tiendas tienen más gente.",
    "af": "Ons het verlede jaar die strate naby die mark vir motors gesluit, en die mense het gekla dat dit nie sal werk nie. Nou wil hulle nie meer terug na die ou toestand gaan nie, want die kinders kan weer speel.",
    "nb": "Vi stengte gaten ved skolen for biler i fjor, og mange sa at det ikke ville gå. Nå vil ingen ha den gamle gata tilbake, for barna kan leke ute igjen etter skolen og butikkene har mer å gjøre.",
    "da": "Vi lukkede gaden ved skolen for biler sidste år, og mange sagde at det ikke ville gå. Nu vil ingen have den gamle gade tilbage, for børnene kan lege ude igen efter skole og butikkerne har mere at lave.",
    "sv": "Vi stängde gatan vid skolan för bilar förra året, och många sa att det inte skulle gå. Nu vill ingen ha den gamla gatan tillbaka, för barnen kan leka ute igen efter skolan och butikerna har mer att göra.",
    "ca": "L'any passat vam tancar el carrer de l'escola als cotxes i molts van dir que no funcionaria. Ara ningú no vol el carrer vell, perquè els nens poden jugar una altra vegada i les botigues tenen més gent.",
    "pt": "No ano passado fechamos a rua da escola aos carros e muitos disseram que não ia dar certo. Agora ninguém quer a rua antiga de volta, porque as crianças podem brincar outra vez e as lojas têm mais gente.",
    "it": "L'anno scorso abbiamo chiuso la strada della scuola alle auto e molti hanno detto che non avrebbe funzionato. Ora nessuno vuole più la vecchia strada, perché i bambini possono giocare di nuovo e i negozi hanno più clienti.",
    "ro": "Anul trecut am închis strada școlii pentru mașini și mulți au spus că nu va merge. Acum nimeni nu mai vrea strada veche, pentru că cei mici se pot juca din nou și magazinele au mai mulți clienți.",
    "fr": "L'année dernière nous avons fermé la rue de l'école aux voitures et beaucoup ont dit que cela ne marcherait pas. Maintenant personne ne veut revenir à l'ancienne rue.",
    "de": "Letztes Jahr haben wir die Straße vor der Schule für Autos gesperrt, und viele sagten, dass es nicht gehen werde. Jetzt will niemand die alte Straße zurück, weil die Kinder wieder spielen können.",
    "nl": "Vorig jaar hebben we de straat bij de school afgesloten voor auto's en veel mensen zeiden dat het niet zou werken. Nu wil niemand de oude straat terug, want de kinderen kunnen weer spelen.",
    "fi": "Viime vuonna suljimme koulun kadun autoilta, ja monet sanoivat, että se ei toimi. Nyt kukaan ei halua vanhaa katua takaisin, koska lapset voivat taas leikkiä ja kaupoissa on enemmän väkeä kuin ennen.",
    "et": "Eelmisel aastal sulgesime kooli tänava autodele ja paljud ütlesid, et see ei tööta. Nüüd ei taha keegi vana tänavat tagasi, sest lapsed saavad jälle mängida ja poodides on rohkem rahvast kui enne.",
    "pl": "W zeszłym roku zamknęliśmy ulicę przy szkole dla samochodów i wiele osób mówiło, że to się nie uda. Teraz nikt nie chce starej ulicy, bo dzieci mogą się znowu bawić, a sklepy mają więcej klientów.",
    "sk": "Vlani sme uzavreli ulicu pri škole pre autá a veľa ľudí hovorilo, že to nebude fungovať. Teraz už nikto nechce starú ulicu späť, pretože sa deti môžu zase hrať a obchody majú viac zákazníkov.",
    "sl": "Lani smo zaprli ulico pri šoli za avtomobile in veliko ljudi je reklo, da to ne bo delovalo. Zdaj nihče noče stare ulice nazaj, ker se lahko otroci spet igrajo in imajo trgovine več strank.",
    "hr": "Prošle godine smo zatvorili ulicu kod škole za automobile i mnogi su rekli da to neće ići. Sada nitko ne želi staru ulicu natrag, jer se djeca mogu opet igrati i trgovine imaju više kupaca nego prije.",
    "hu": "Tavaly lezártuk az iskola utcáját az autók elől, és sokan azt mondták, hogy ez nem fog működni. Most már senki sem akarja vissza a régi utcát, mert a gyerekek megint játszhatnak, és a boltoknak több vevője van.",
    "tr": "Geçen yıl okulun sokağını arabalara kapattık ve birçok kişi bunun olmayacağını söyledi. Şimdi kimse eski sokağı geri istemiyor, çünkü çocuklar yine oynayabiliyor ve dükkanlar için de daha çok müşteri var.",
    "az": "Keçən il məktəbin küçəsini maşınlar üçün bağladıq və bir çox adam bunun alınmayacağını dedi. İndi heç kim köhnə küçəni geri istəmir, çünki uşaqlar yenə oynaya bilir və dükanların daha çox müştərisi var.",
    "id": "Tahun lalu kami menutup jalan di depan sekolah untuk mobil dan banyak orang mengatakan bahwa itu tidak akan berhasil. Sekarang tidak ada yang mau jalan lama kembali, karena anak-anak bisa bermain lagi dan toko-toko lebih ramai.",
    "ms": "Tahun lalu kami menutup jalan di hadapan sekolah untuk kereta dan ramai orang mengatakan bahawa itu tidak akan berjaya. Sekarang tidak ada yang mahu jalan lama kembali, kerana kanak-kanak boleh bermain lagi dan kedai lebih ramai.",
    "sw": "Mwaka jana tulifunga barabara ya shule kwa magari na watu wengi walisema kwamba haitafanya kazi. Sasa hakuna anayetaka barabara ya zamani, kwa sababu watoto wanaweza kucheza tena na maduka yana wateja zaidi.",
    "vi": "Năm ngoái chúng tôi đã đóng con đường trước trường học đối với ô tô và nhiều người nói rằng điều đó sẽ không thành công. Bây giờ không ai muốn con đường cũ nữa, vì trẻ em có thể chơi lại.",
    "en": "Last year we closed the street at the school to cars and many people said that it would not work. Now nobody wants the old street back, because the children can play again and the shops have more customers.",
    "ru": "В прошлом году мы закрыли улицу у школы для машин, и многие говорили, что это не получится. Теперь никто не хочет старую улицу обратно, потому что дети снова могут играть, а в магазинах больше людей.",
    "uk": "Минулого року ми закрили вулицю біля школи для машин, і багато хто казав, що це не вийде. Тепер ніхто не хоче стару вулицю назад, бо діти знову можуть гратися, а в крамницях більше людей.",
    "bg": "Миналата година затворихме улицата пред училището за коли и много хора казаха, че това няма да стане. Сега никой не иска старата улица, защото децата могат отново да играят, а магазините имат повече клиенти.",
    "be": "У мінулым годзе мы закрылі вуліцу каля школы для машын, і шмат хто казаў, што гэта не атрымаецца. Цяпер ніхто не хоча старую вуліцу назад, бо дзеці зноў могуць гуляць, а ў крамах больш людзей.",
    "ar": "في العام الماضي أغلقنا شارع المدرسة أمام السيارات وقال كثير من الناس إن هذا لن ينجح. الآن لا أحد يريد الشارع القديم، لأن الأطفال يلعبون من جديد والمحلات فيها زبائن أكثر.",
    "fa": "سال گذشته خیابان مدرسه را به روی ماشین\u200cها بستیم و بسیاری گفتند که این کار نمی\u200cشود. حالا هیچ کس خیابان قدیمی را نمی\u200cخواهد، چون بچه\u200cها دوباره بازی می\u200cکنند و مغازه\u200cها مشتری بیشتری دارند.",
    "ur": "پچھلے سال ہم نے اسکول کی سڑک گاڑیوں کے لیے بند کر دی اور بہت سے لوگوں نے کہا کہ یہ نہیں چلے گا۔ اب کوئی پرانی سڑک واپس نہیں چاہتا، کیونکہ بچے پھر سے کھیل سکتے ہیں۔",
    "hi": "पिछले साल हमने स्कूल की सड़क गाड़ियों के लिए बंद कर दी और बहुत लोगों ने कहा कि यह नहीं चलेगा। अब कोई पुरानी सड़क वापस नहीं चाहता, क्योंकि बच्चे फिर से खेल सकते हैं।",
    "mr": "गेल्या वर्षी आम्ही शाळेचा रस्ता गाड्यांसाठी बंद केला आणि अनेकांनी सांगितले की हे चालणार नाही. आता कोणालाही जुना रस्ता नको आहे, कारण मुले पुन्हा खेळू शकतात आणि हे सर्वांना आवडते आहे.",
    "ne": "गत वर्ष हामीले विद्यालयको सडक गाडीका लागि बन्द गर्यौं र धेरैले यो चल्दैन भने। अहिले कसैलाई पुरानो सडक चाहिएको छैन, किनकि केटाकेटी फेरि खेल्न सक्छन् र पसलमा पनि मानिस बढी छन्।",
}
NOT_TOLD = {
    "gl": "O ano pasado pechamos a rúa da escola aos coches e moitos dixeron que non ía funcionar. Agora ninguén quere a rúa vella de volta, porque os nenos poden xogar de novo e as tendas teñen máis xente.",
    "cs": "Loni jsme uzavřeli ulici u školy pro auta a mnoho lidí říkalo, že to nebude fungovat. Teď už nikdo nechce starou ulici zpátky, protože si děti mohou zase hrát a obchody mají více zákazníků.",
    "tk": "Geçen ýyl mekdebiň köçesini maşynlar üçin ýapdyk we köp adam munuň bolmajakdygyny aýtdy. Indi hiç kim köne köçäni yzyna islemeýär, sebäbi çagalar ýene oýnap bilýär we dükanlaryň müşderisi has köp.",
    "cy": "Y llynedd fe wnaethom gau'r stryd ger yr ysgol i geir ac roedd llawer yn dweud na fyddai'n gweithio. Nawr does neb eisiau'r hen stryd yn ôl, oherwydd mae'r plant yn gallu chwarae eto ac mae gan y siopau fwy o gwsmeriaid.",
    "ga": "An bhliain seo caite dhún muid sráid na scoile do charranna agus dúirt go leor daoine nach n-oibreodh sé. Anois níl aon duine ag iarraidh na seansráide ar ais, mar is féidir leis na páistí súgradh arís.",
    "eu": "Iaz eskolako kalea itxi genuen autoentzat eta askok esan zuten ez zuela funtzionatuko. Orain inork ez du kale zaharra nahi, haurrek berriro jolas egin dezaketelako eta dendek bezero gehiago dituztelako.",
    "lt": "Praėjusiais metais uždarėme gatvę prie mokyklos automobiliams ir daugelis sakė, kad tai neveiks. Dabar niekas nenori senos gatvės atgal, nes vaikai vėl gali žaisti, o parduotuvės turi daugiau klientų.",
    "lv": "Pagājušajā gadā mēs slēdzām ielu pie skolas automašīnām, un daudzi teica, ka tas nedarbosies. Tagad neviens negrib veco ielu atpakaļ, jo bērni atkal var spēlēties un veikaliem ir vairāk klientu.",
    "mt": "Is-sena l-oħra għalaqna t-triq tal-iskola għall-karozzi u ħafna nies qalu li ma kinitx se taħdem. Issa ħadd ma jrid it-triq il-qadima lura, għax it-tfal jistgħu jilagħbu mill-ġdid u l-ħwienet għandhom aktar klijenti.",
    "sq": "Vitin e kaluar mbyllëm rrugën e shkollës për makinat dhe shumë thanë se nuk do të funksiononte. Tani askush nuk e do rrugën e vjetër, sepse fëmijët mund të luajnë përsëri dhe dyqanet kanë më shumë klientë.",
    "so": "Sanadkii hore waxaan ka xirnay waddada dugsiga baabuurta dad badanna waxay yiraahdeen ma shaqayn doonto. Hadda qofna ma rabo waddadii hore, sababtoo ah carruurtu way ciyaari karaan mar kale.",
    "ha": "A bara mun rufe titin makaranta ga motoci kuma mutane da yawa sun ce ba zai yi aiki ba. Yanzu babu wanda yake son tsohon titin, domin yara suna iya yin wasa kuma shaguna suna da karin abokan ciniki.",
    "yo": "Ni odun to koja a ti ona ile-iwe fun oko, opolopo eniyan si so pe ko ni sise. Bayi ko si eni ti o fe ona atijo pada, nitori awon omode le sere lai si ewu ati pe awon ile itaja ni onibara si i.",
    "ig": "N'afo gara aga anyi mechiri okporo uzo ulo akwukwo nye ugbo ala ma otutu mmadu kwuru na o gaghi aru oru. Ugbu a o nweghi onye choro uzo ochie ahu, n'ihi na umuaka nwere ike igwu egwu ozo.",
    "zu": "Ngonyaka odlule sivale umgwaqo wesikole ezimotweni futhi abantu abaningi bathi ngeke kusebenze. Manje akekho ofuna umgwaqo omdala, ngoba izingane zingadlala futhi nezitolo zinamakhasimende amaningi.",
    "xh": "Kunyaka ophelileyo sivale isitrato sesikolo kwiimoto kwaye abantu abaninzi bathi akuyi kusebenza. Ngoku akukho mntu ufuna isitrato esidala, kuba abantwana banokudlala kwakhona.",
    "st": "Selemong se fetileng re kwetse seterata sa sekolo bakeng sa dikoloi mme batho ba bangata ba re e ke ke ya sebetsa. Jwale ha ho motho ya batlang seterata sa kgale, hobane bana ba ka bapala hape.",
    "tn": "Ngwaga o o fetileng re ne ra tswala mmila wa sekolo mo dikoloing mme batho ba le bantsi ba ne ba re ga e kitla e dira. Jaanong ga go na ope yo o batlang mmila wa kgale, ka gonne bana ba ka tshameka gape.",
    "mg": "Tamin'ny taona lasa dia nakatonay ny lalana eo amin'ny sekoly ho an'ny fiara ary maro no nilaza fa tsy handeha izany. Ankehitriny tsy misy te hanana ny lalana taloha, satria afaka milalao indray ny ankizy.",
    "rw": "Umwaka ushize twafunze umuhanda w'ishuri ku modoka kandi abantu benshi bavuze ko bitazakora. Ubu nta muntu ushaka umuhanda wa kera, kuko abana bashobora kongera gukina kandi amaduka afite abakiriya benshi.",
    "fil": "Noong nakaraang taon isinara namin ang kalye ng paaralan sa mga sasakyan at marami ang nagsabi na hindi ito gagana. Ngayon wala nang may gusto sa lumang kalye, dahil ang mga bata ay nakakapaglaro muli at mas marami ang suki.",
    "uz": "O'tgan yili maktab ko'chasini mashinalar uchun yopdik va ko'pchilik bu ishlamaydi dedi. Endi hech kim eski ko'chani xohlamaydi, chunki bolalar yana o'ynay oladi va do'konlarning xaridorlari ko'p.",
    "wo": "At mi weesu danu tëj mbeddu lekool bi ngir auto yi te ñu bari waxoon nañu ni du mëna dox. Léegi kenn bëggatul mbedd mu yàgg mi, ndax xale yi mën nañu fo ba noppi butik yi am kiliyaan yu bari.",
    "sr": "Прошле године смо затворили улицу код школе за аутомобиле и многи су рекли да то неће ићи. Сада нико не жели стару улицу назад, јер се деца могу опет играти и радње имају више купаца.",
    "mk": "Минатата година ја затворивме улицата пред училиштето за автомобили и многумина рекоа дека тоа нема да успее. Сега никој не ја сака старата улица, бидејќи децата можат повторно да играат.",
    "kk": "Былтыр біз мектеп жанындағы көшені көліктер үшін жаптық, көп адам бұл болмайды деді. Қазір ешкім ескі көшені қайта қаламайды, өйткені балалар қайтадан ойнай алады және дүкендерге адам көп келеді.",
    "ky": "Былтыр биз мектептин көчөсүн унаалар үчүн жаптык жана көп адам бул болбойт деди. Азыр эч ким эски көчөнү каалабайт, анткени балдар кайра ойной алышат жана дүкөндөргө адам көп келет.",
    "tg": "Соли гузашта мо кӯчаи мактабро барои мошинҳо бастем ва бисёр одамон гуфтанд, ки ин кор намешавад. Ҳоло ҳеҷ кас кӯчаи кӯҳнаро намехоҳад, зеро кӯдакон аз нав бозӣ карда метавонанд.",
    "mn": "Өнгөрсөн жил бид сургуулийн гудамжийг машинд хаасан бөгөөд олон хүн энэ болохгүй гэж хэлсэн. Одоо хэн ч хуучин гудамжийг хүсэхгүй байна, учир нь хүүхдүүд дахин тоглож чаддаг.",
}
SCRIPTS = {
    "el": "Πέρυσι κλείσαμε τον δρόμο του σχολείου για τα αυτοκίνητα.",
    "he": "בשנה שעברה סגרנו את הרחוב של בית הספר למכוניות.",
    "hy": "Անցյալ տարի մենք փակեցինք դպրոցի փողոցը մեքենաների համար։",
    "ka": "შარშან სკოლის ქუჩა მანქანებისთვის დავკეტეთ.",
    "am": "ባለፈው ዓመት የትምህርት ቤቱን መንገድ ለመኪና ዘጋን።",
    "bn": "গত বছর আমরা স্কুলের রাস্তা গাড়ির জন্য বন্ধ করেছি।",
    "ta": "கடந்த ஆண்டு பள்ளித் தெருவை கார்களுக்கு மூடினோம்.",
    "th": "ปีที่แล้วเราปิดถนนหน้าโรงเรียนไม่ให้รถผ่าน",
    "ko": "작년에 우리는 학교 앞 거리를 차 없는 거리로 바꾸었습니다.",
    "ja": "昨年、学校の前の通りを車両通行止めにしました。",
    "zh": "去年我们把学校门前的街道对汽车关闭了。",
}


@pytest.mark.parametrize("language", TOLD)
def test_a_text_marked_wrongly_is_told_by_its_words(language: str) -> None:
    assert reads_like(TOLD[language], "el") == language
    assert reads_like(TOLD[language], language) is None


@pytest.mark.parametrize("language", SCRIPTS)
def test_a_text_marked_wrongly_is_told_by_its_letters(language: str) -> None:
    assert reads_like(SCRIPTS[language], "en") == language
    assert reads_like(SCRIPTS[language], language) is None


@pytest.mark.parametrize("language", NOT_TOLD)
def test_of_a_language_that_is_not_known_nothing_is_said(language: str) -> None:
    for marked in (language, "en", "fr"):
        assert reads_like(NOT_TOLD[language], marked) is None


def test_languages_of_the_same_words_are_not_told_apart() -> None:
    assert [reads_like(TOLD["hr"], marked) for marked in ("bs", "hr", "sr")] == [None] * 3


def test_characters_of_han_alone_may_be_japanese() -> None:
    assert reads_like("東京都交通局予算決定会議資料二〇二六年度", "ja") is None


def test_of_short_texts_nothing_is_said() -> None:
    short = " ".join(TOLD["fr"].split()[: MIN_WORDS - 3])
    assert reads_like(short, "en") is None
    assert (
        reads_like("東京", "en") is reads_like("", "en") is reads_like("12.50 → 🚲", "en") is None
    )


def test_of_texts_in_two_languages_nothing_is_said() -> None:
    for language, other in (("fr", "en"), ("es", "en"), ("ar", "en"), ("pt", "es"), ("uk", "en")):
        both = f"{TOLD[language]} {TOLD[other]}"
        assert [reads_like(both, marked) for marked in (language, other)] == [None, None], (
            language,
            other,
        )


def test_addresses_and_handles_are_no_words() -> None:
    addresses = " ".join(f"https://example.org/de/la/rue/{n} @les-{n}" for n in range(30))
    assert reads_like(f"{TOLD['en']} {addresses}", "en") is None


def test_what_follows_after_a_long_text_is_not_read() -> None:
    long = TOLD["en"] * (MAX_CHARACTERS // len(TOLD["en"]) + 1)
    assert reads_like(long + TOLD["ar"] * 90, "fr") == "en"


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_made_up_texts_marked_rightly_are_met_with_silence(language: str) -> None:
    texts, chance = Texts(words(), 1, 60), Random(language)
    for _number in range(150):
        text = texts.post(chance, language)[0]
        assert reads_like(text.plain, language) is None, text.source


def test_the_demo_is_met_with_silence_and_its_english_is_told() -> None:
    told = []
    for path in DEMO.glob("dialogue-*.md"):
        for part in re.split(r"^#{1,4} .*$", path.read_text("utf-8"), flags=re.MULTILINE):
            marked = re.search(r"^- language: (\w+)$", part, re.MULTILINE)
            text = plain(re.sub(r"^- \w+: .*$", "", part, flags=re.MULTILINE))
            language = marked[1] if marked else "en"
            assert reads_like(text, language) is None, text
            told.append(reads_like(text, "cy"))
    assert told.count("en") > 200


def test_each_language_with_words_can_be_chosen() -> None:
    assert not WORDS.keys() - language_names().keys()
    assert all(len(words) >= 20 for words in WORDS.values())
