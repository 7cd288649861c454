import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Machine } from '../../support/namespaces.ts'

/** A file that the attack took: when it began on it, and which. */
export interface Taken {
  /** Epoch ms, with fractions. */
  at: number
  path: string
}

export interface Attack {
  /** In the order in which they were taken, growing. */
  taken: Taken[]
  /** Resolves with the first one that is among `paths`. */
  first(paths: readonly string[]): Promise<Taken>
  stop(): void
}

/** What people have: reports, photos, tables. Nothing in it says what is a decoy and what isn't. */
export function writeDocuments(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true })
  const subjects = ['Report', 'Offer', 'Minutes', 'Budget', 'Photo', 'Letter', 'Plan', 'Agenda']
  for (let number = 0; number < count; number += 1) {
    const name = `${subjects[number % subjects.length]} ${String(number).padStart(4, '0')}.txt`
    writeFileSync(join(folder, name), randomBytes(6_000).toString('base64'))
  }
}

/** Every file below the folder, in the order in which the file system lists them, as such programs do. */
const script = `
mapfile -t files < <(find "$1" -type f ! -name '*.enc')
for file in "\${files[@]}"; do
  printf '%s %s\\n' "$EPOCHREALTIME" "$file"
  openssl enc -aes-256-cbc -pbkdf2 -pass pass:stolen -in "$file" -out "$file.enc" && rm "$file"
done`

/** A real \`openssl enc\` loop over \`folder\`, on \`machine\`. */
export function startAttack(machine: Machine, folder: string): Attack {
  const child = machine.spawn('bash', ['-c', script, 'attack', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const taken: Taken[] = []
  return { taken, first: (paths) => firstOf(child, taken, paths), stop: () => child.kill('SIGKILL') }
}

async function firstOf(child: ChildProcess, taken: Taken[], paths: readonly string[]): Promise<Taken> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('the attack has no output'))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [at = '', ...path] = line.split(' ')
      const file = { at: Number(at) * 1_000, path: path.join(' ') }
      taken.push(file)
      if (paths.includes(file.path)) resolve(file)
    })
    child.once('close', () => reject(new Error('the attack ended without touching a canary')))
  })
}
