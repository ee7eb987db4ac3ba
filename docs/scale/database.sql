-- The forum's role and database, made once by PostgreSQL's own user: sudo -u postgres psql -f database.sql
-- CREATEDB lets `flask backup` try its backups in a database that it makes and drops.
CREATE ROLE interurban LOGIN CREATEDB PASSWORD 'database-password';
CREATE DATABASE interurban OWNER interurban ENCODING 'UTF8' TEMPLATE template0;
