import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A way of encrypting a folder: a shell script whose first argument is the folder. */
export interface Way {
  name: string
  needs: string
  /** Whether each file takes its own process. */
  isOneByOne: boolean
  script: string
}

const each = (work: string): string => `find "$1" -type f | while read -r f; do ${work}; done`

/** As such programs do it; none of them knows of decoys. */
export const ways: readonly Way[] = [
  {
    ...{ name: 'openssl', needs: 'openssl', isOneByOne: true },
    script: each('openssl enc -aes-256-cbc -pbkdf2 -pass pass:s -in "$f" -out "$f.enc" && rm "$f"'),
  },
  {
    ...{ name: 'gpg', needs: 'gpg', isOneByOne: true },
    script: `export GNUPGHOME="$(mktemp -d)"; ${each('gpg --batch --yes --passphrase s --pinentry-mode loopback --s2k-count 65536 -q -c -o "$f.gpg" "$f" && rm "$f"')}; rm -rf "$GNUPGHOME"`,
  },
  { ...{ name: '7z -sdel', needs: '7z', isOneByOne: false }, script: '7z a -bd -psecret -sdel "$1/all.7z" "$1"/* > /dev/null' },
  { ...{ name: 'ccrypt', needs: 'ccrypt', isOneByOne: false }, script: 'ccrypt -e -q -K secret -r "$1"' },
  {
    ...{ name: 'in place', needs: 'openssl', isOneByOne: true },
    script: each('openssl enc -aes-256-cbc -pbkdf2 -pass pass:s -in "$f" -out "$1/../out" && cat "$1/../out" > "$f"'),
  },
  {
    ...{ name: 'copy and delete', needs: 'openssl', isOneByOne: true },
    script: `mkdir -p "$1/../elsewhere"; n=0; ${each('n=$((n+1)); openssl enc -aes-256-cbc -pbkdf2 -pass pass:s -in "$f" -out "$1/../elsewhere/$n.bin" && rm "$f"')}`,
  },
]

export const hasProgram = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

/** Texts as people have them, in folders of 50. */
export function writeTree(folder: string, count: number): void {
  for (let number = 0; number < count; number += 1) {
    const within = join(folder, `Year ${2_000 + Math.floor(number / 50)}`)
    if (number % 50 === 0) mkdirSync(within, { recursive: true })
    const text = `Report ${number}\n${'The supplier delivers on time and the customer pays within thirty days.\n'.repeat(20 + (number % 30))}`
    writeFileSync(join(within, `Report ${number}.txt`), text)
  }
}

/** Files of the tree that are as they were. */
export function readableLeft(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /Report \d+\.txt$/.test(path)).length
}

/** In a process group of its own, as a shell would start it. */
export function startWay({ script }: Way, folder: string): ChildProcess {
  return spawn('bash', ['-c', script, 'attack', folder], { stdio: 'ignore', detached: true })
}
