-- The forum's role and database, made once by PostgreSQL's own user:
-- runuser -u postgres -- psql -v ON_ERROR_STOP=1 < database.sql
-- CREATEDB lets `flask backup` try its backups in a database that it makes and drops.
CREATE ROLE interurban LOGIN CREATEDB PASSWORD 'database-password';
CREATE DATABASE interurban OWNER interurban ENCODING 'UTF8' TEMPLATE template0;
