/**
 * A shop whose data can be lost: PostgreSQL from Debian's packages in one image, with a schema that each version migrates when it starts.
 *
 * Its entry points, each a file of the image: `/shop/start` serves, `/shop/ready` tells whether the migration of this version is done,
 * `/shop/checksum` prints one line for all rows of a table, `/shop/backup` and `/shop/restore` are what the Jobs of a checkpoint run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, makeImage } from '../../scripts/oci/image.ts';
import { sharedLibraries } from '../../scripts/product-image/shared-libraries.ts';
import { ownFiles } from '../../scripts/product-image/system/own-system.ts';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';

/**
 * `first` makes the tables and fills them, `second` adds a column to one of them, `destroys` drops a table and then crashes, each
 * time it is started.
 */
export type ShopMigration = 'first' | 'second' | 'destroys';

/** The user that the server runs as; it owns what is in the volume. */
const shopUser = 70;

/** Where Debian's package has them, whatever its version; PostgreSQL finds its files by these paths. */
const release = newestRelease('/usr/lib/postgresql');
const home = `/usr/lib/postgresql/${release}`;
const share = `/usr/share/postgresql/${release}`;
const programs = ['postgres', 'initdb', 'pg_ctl', 'pg_dump', 'pg_restore', 'psql', 'pg_isready'];

let base: Promise<readonly (readonly TarEntry[])[]> | undefined;

/** Makes the image; the layers below the scripts are read once. */
export async function makeShopImage(version: string, migration: ShopMigration): Promise<Image> {
  base ??= makeBase();
  return makeImage({
    layers: [...(await base), scriptLayer(version, migration)],
    config: {
      Entrypoint: ['/bin/sh', '/shop/start'],
      Env: [`PATH=${home}/bin:/bin`],
      User: `${shopUser}:${shopUser}`,
      Labels: { 'org.opencontainers.image.title': 'shop', 'org.opencontainers.image.version': version },
    },
    platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
  });
}

async function makeBase(): Promise<readonly (readonly TarEntry[])[]> {
  const binaries = programs.map((name) => `${home}/bin/${name}`);
  const libraries = await Promise.all(binaries.map((path) => sharedLibraries(path, ownFiles())));
  const modules = filesBelow(`${home}/lib`, (name) => name.endsWith('.so') && !name.startsWith('llvmjit'));
  const data = filesBelow(share, (name) => !name.endsWith('.gz'));
  const entries = [
    ...[...binaries, ...modules].map((path) => fileOf(path, 0o755)),
    ...data.map((path) => fileOf(path, 0o644)),
    ...libraries.flat(),
  ];
  return [busyboxLayer(), [...new Map(entries.map((entry) => [entry.path, entry])).values()]];
}

function busyboxLayer(): TarEntry[] {
  const applets = [
    'basename',
    'cat',
    'chmod',
    'echo',
    'ls',
    'mkdir',
    'mv',
    'rm',
    'sh',
    'sleep',
    'test',
    'wc',
    'dd',
    'touch',
  ];
  const passwd = `root:x:0:0::/:/bin/sh\nshop:x:${shopUser}:${shopUser}::/:/bin/sh\n`;
  return [
    { kind: 'file', path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    ...applets.map((applet): TarEntry => ({ kind: 'link', path: `bin/${applet}`, target: 'busybox' })),
    { kind: 'file', path: 'etc/passwd', content: Buffer.from(passwd) },
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
  ];
}

function scriptLayer(version: string, migration: ShopMigration): TarEntry[] {
  const scripts = { start: start(version, migration), ready, checksum, backup, restore };
  return Object.entries(scripts).map(([path, text]) => ({
    kind: 'file',
    path: `shop/${path}`,
    content: Buffer.from(`set -eu\n${text}`),
    mode: 0o755,
  }));
}

const migrations: Readonly<Record<ShopMigration, string>> = {
  first: `
create table if not exists customers (id int primary key, name text not null);
create table if not exists orders (id int primary key, customer int not null references customers, cents int not null);
insert into customers select i, 'customer ' || i from generate_series(1, 200) i on conflict do nothing;
insert into orders select i, 1 + i % 200, i * 7919 % 100000 from generate_series(1, 2000) i on conflict do nothing;`,
  second: `
alter table orders add column if not exists currency text not null default 'EUR';`,
  destroys: `
drop table if exists orders;`,
};

/** Also where a restore builds the database that takes the place of the broken one. */
const makeDatabase = (folder: string) =>
  `rm -rf ${folder}
initdb --pgdata ${folder} --username shop --auth trust --encoding UTF8 --locale C >/dev/null
echo 'host all all all trust' >>${folder}/pg_hba.conf`;

const serverSettings = [
  ...['unix_socket_directories=/tmp', 'dynamic_shared_memory_type=mmap', 'shared_buffers=16MB', 'jit=off'],
  ...['max_connections=20', 'timezone=GMT', 'log_timezone=GMT'],
];
const settings = (...more: readonly string[]) => [...serverSettings, ...more].map((one) => `-c ${one}`).join(' ');
const asShop = 'psql --host /tmp --username shop --no-psqlrc --quiet --set ON_ERROR_STOP=1';

function start(version: string, migration: ShopMigration): string {
  return `
if [ ! -s /data/pg/PG_VERSION ]; then
${makeDatabase('/data/new')}
mv /data/new /data/pg
fi
rm -f /tmp/migrated
postgres -D /data/pg ${settings(`listen_addresses='*'`)} &
server=$!
trap 'pg_ctl stop --silent --mode fast --pgdata /data/pg; exit 0' TERM INT
until pg_isready --quiet --host /tmp --username shop; do sleep 0.1; done
known=$(${asShop} --dbname postgres --tuples-only --command "select 1 from pg_database where datname = 'shop'")
test -n "$known" || ${asShop} --dbname postgres --command 'create database shop'
${asShop} --dbname shop <<'SQL'
${migrations[migration]}
SQL
${migration === 'destroys' ? `echo 'shop ${version}: table orders is missing' >&2; exit 1` : ''}
echo 'shop ${version}: serving'
touch /tmp/migrated
wait "$server"
`;
}

const ready = `
test -f /tmp/migrated
pg_isready --quiet --host /tmp --username shop
`;

/** Every row of every table, in order. */
const checksum = `
${asShop} --dbname shop --tuples-only --no-align <<'SQL'
select 'customers ' || count(*) || ' ' || md5(string_agg(t::text, ';' order by id)) from customers t;
select 'orders ' || count(*) || ' ' || md5(string_agg(t::text, ';' order by id)) from orders t;
SQL
`;

const backup = `
pg_dump --host "$DATABASE_HOST" --username shop --format custom --file "/backup/$HEADGATE_CHECKPOINT.part" shop
mv "/backup/$HEADGATE_CHECKPOINT.part" "/backup/$HEADGATE_CHECKPOINT.dump"
for file in /backup/*.dump; do
  id=$(basename "$file" .dump)
  case " $HEADGATE_KEEP " in *" $id "*) ;; *) rm -f "$file" ;; esac
done
echo "size=$(wc -c <"/backup/$HEADGATE_CHECKPOINT.dump")" >/dev/termination-log
`;

/** The broken database stays in its folder until a person drops it; it may be run again at any point. */
const restore = `
test -f "/backup/$HEADGATE_CHECKPOINT.dump"
${makeDatabase('/data/restored')}
pg_ctl start --silent --wait --log /tmp/log --pgdata /data/restored --options "${settings(`listen_addresses=''`)}"
${asShop} --dbname postgres --command 'create database shop'
pg_restore --host /tmp --username shop --dbname shop --exit-on-error "/backup/$HEADGATE_CHECKPOINT.dump"
pg_ctl stop --silent --mode fast --pgdata /data/restored
broken=/data/broken-$HEADGATE_UPDATE
if [ ! -e "$broken" ] && [ -e /data/pg ]; then mv /data/pg "$broken"; fi
rm -rf /data/pg
mv /data/restored /data/pg
echo "the broken database is in $(basename "$broken") of the same volume" >/dev/termination-log
`;

function newestRelease(folder: string): string {
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  return String(Math.max(0, ...found.map(Number)));
}

function filesBelow(folder: string, matches: (name: string) => boolean): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && matches(entry.name) && !entry.parentPath.includes('/bitcode'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function fileOf(path: string, mode: number): TarEntry {
  return { kind: 'file', path: path.slice(1), content: readFileSync(path), mode };
}
