/** A timestamp authority (RFC 3161) by openssl: its certificates and what it stamps. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface TimestampAuthority {
  /** As a trusted root names it. */
  readonly description: object;
  /** A response (DER) for these bytes, of now. */
  stamp(bytes: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

const execute = promisify(execFile);

const configuration = `
[ req ]
distinguished_name = name
[ name ]
[ authority ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[ stamper ]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ tsa ]
default_tsa = stamp
[ stamp ]
serial = ./serial
signer_cert = ./stamper.crt
certs = ./authority.crt
signer_key = ./stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`;

export async function openTimestampAuthority(): Promise<TimestampAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'headgate-tsa-'));
  const openssl = async (line: string) => {
    await execute('openssl', line.split(' '), { cwd: directory, timeout: 20_000 });
  };
  await writeFile(join(directory, 'tsa.cnf'), configuration);
  await writeFile(join(directory, 'serial'), '01\n');
  for (const name of ['authority', 'stamper']) {
    await openssl(`ecparam -name prime256v1 -genkey -noout -out ${name}.key`);
  }
  await openssl(
    'req -x509 -new -key authority.key -subj /CN=authority -days 30 -config tsa.cnf -extensions authority -out authority.crt',
  );
  await openssl('req -new -key stamper.key -subj /CN=stamper -config tsa.cnf -out stamper.csr');
  await openssl(
    'x509 -req -in stamper.csr -CA authority.crt -CAkey authority.key -set_serial 2 -days 30 -extfile tsa.cnf -extensions stamper -out stamper.crt',
  );
  const certificates = await Promise.all(
    ['stamper', 'authority'].map(async (name) => {
      const { raw } = new X509Certificate(await readFile(join(directory, `${name}.crt`)));
      return { rawBytes: Buffer.from(raw).toString('base64') };
    }),
  );
  return {
    description: {
      subject: { organization: 'test', commonName: 'stamper' },
      uri: 'https://tsa.test',
      certChain: { certificates },
      validFor: { start: '2026-01-01T00:00:00Z' },
    },
    async stamp(bytes) {
      await writeFile(join(directory, 'bytes'), bytes);
      await openssl('ts -query -data bytes -sha256 -cert -out query');
      await openssl('ts -reply -queryfile query -config tsa.cnf -out reply');
      return await readFile(join(directory, 'reply'));
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
