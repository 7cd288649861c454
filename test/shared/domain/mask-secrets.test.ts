import { describe, expect, it } from 'vitest'
import { maskSecrets } from '#shared/domain/mask-secrets.ts'

/** `hunter2` is the secret in each; what stands around it stays. */
const lines: readonly [line: string, shown: string][] = [
  ['mysql --password=hunter2 -u root', 'mysql --password=••• -u root'],
  ['mysqldump -u root -phunter2 shop', 'mysqldump -u root -p••• shop'],
  ['mariadb -phunter2 -e "select 1"', 'mariadb -p••• -e "select 1"'],
  ['redis://:hunter2@cache:6379/0', 'redis://:•••@cache:6379/0'],
  ['redis-cli -h cache -a hunter2 ping', 'redis-cli -h cache -a ••• ping'],
  ['psql postgres://eve:hunter2@db/shop', 'psql postgres://eve:•••@db/shop'],
  ['git clone https://eve:hun@ter2hunter2@example.org/x', 'git clone https://eve:•••@example.org/x'],
  ['git clone https://hunter2hunter2hunter2@example.org/x', 'git clone https://•••@example.org/x'],
  ['PGPASSWORD=hunter2 psql -U postgres', 'PGPASSWORD=••• psql -U postgres'],
  ['MYSQL_PWD=hunter2 mysql', 'MYSQL_PWD=••• mysql'],
  ['RESTIC_PASSWORD="hunter2 x" restic backup /', 'RESTIC_PASSWORD=••• restic backup /'],
  ['export AWS_SECRET_ACCESS_KEY=hunter2', 'export AWS_SECRET_ACCESS_KEY=•••'],
  ['curl -u eve:hunter2 https://example.org', 'curl -u eve:••• https://example.org'],
  ['curl -su eve:hunter2 --proxy-user p:hunter2 x', 'curl -su eve:••• --proxy-user p:••• x'],
  ['curl -H "Authorization: Basic hunter2" x', 'curl -H "Authorization: Basic •••" x'],
  ["curl -H 'Authorization: Bearer hunter2hunter2' x", "curl -H 'Authorization: Bearer •••' x"],
  ['curl -H "X-Api-Key: hunter2" x', 'curl -H "X-Api-Key: •••" x'],
  ['curl -H "Cookie: sid=hunter2; a=b" x', 'curl -H "Cookie: •••" x'],
  ['sshpass -p hunter2 ssh eve@host', 'sshpass -p ••• ssh eve@host'],
  ['sshpass -phunter2 ssh eve@host', 'sshpass -p••• ssh eve@host'],
  ['docker login -u eve -p hunter2 registry', 'docker login -u eve -p ••• registry'],
  ['7z a -phunter2 out.7z /home', '7z a -p••• out.7z /home'],
  ['openssl enc -aes-256-cbc -pass pass:hunter2 -in x', 'openssl enc -aes-256-cbc -pass ••• -in x'],
  ['openssl enc -k hunter2 -in x', 'openssl enc -k ••• -in x'],
  ['ldapsearch -D cn=eve -w hunter2 -b dc=x', 'ldapsearch -D cn=eve -w ••• -b dc=x'],
  ["smbclient //srv/c -U 'eve%hunter2'", "smbclient //srv/c -U 'eve%•••'"],
  ['xfreerdp /u:eve /p:hunter2 /v:srv', 'xfreerdp /u:eve /p:••• /v:srv'],
  ['x --token hunter2 --verbose', 'x --token ••• --verbose'],
  ['vault login -client-secret hunter2', 'vault login -client-secret •••'],
  ['{"password":"hunter2","user":"eve"}', '{"password":•••,"user":"eve"}'],
  ['"{\\"password\\":\\"hunter2\\"}"', '"{\\"password\\":•••}"'],
  ['type=EXECVE argc=3 a0="mysql" a1="--password" a2="hunter2"', 'type=EXECVE argc=3 a0="mysql" a1="--password" a2=•••'],
  ['type=EXECVE argc=3 a0="sshpass" a1="-p" a2="hunter2"', 'type=EXECVE argc=3 a0="sshpass" a1="-p" a2="•••"'],
  ['useradd -p $6$hunter2$hunter2hunter2 eve', 'useradd -p ••• eve'],
]

describe('what looks like a secret in a command line', () => {
  it.each(lines)('is masked: %s', (line, shown) => {
    expect(maskSecrets(line)).toBe(shown)
  })

  it('is masked where it says by itself what it is', () => {
    const jwt = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`
    const telling = [
      jwt,
      `AKIA${'A1'.repeat(8)}`,
      `ghp_${'a'.repeat(36)}`,
      `glpat-${'a'.repeat(20)}`,
      `xoxb-${'1'.repeat(20)}`,
      `sk-${'a'.repeat(30)}`,
    ]
    for (const each of telling) expect(maskSecrets(`x ${each} y`)).toBe('x ••• y')
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'A'.repeat(70)}\n-----END OPENSSH PRIVATE KEY-----`
    expect(maskSecrets(key)).not.toContain('AAAA')
  })

  it.each([
    'ps -ef | grep sshd',
    'systemctl stop auditd',
    'ssh -p 2222 eve@host',
    'git clone ssh://git@example.org/x',
    'curl https://example.org:8443/a',
    'tar -pxf archive.tar',
    'mysql -u root -p',
    'docker run -u 1000:1000 image',
  ])('is nothing else: %s', (line) => expect(maskSecrets(line)).toBe(line))

  it.each(['a', '"', ' -p', 'mysql -p', 'curl -u ', 'a://', 'password=', 'eyJ', '-----BEGIN PRIVATE KEY-----', 'token token '])(
    'takes a line’s time also for a long run of %s',
    (part) => {
      const began = performance.now()
      maskSecrets(part.repeat(200_000 / part.length))
      expect(performance.now() - began).toBeLessThan(2_000)
    },
  )
})
