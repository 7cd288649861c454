import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Something that honest machines do all day: one file in this folder, which exports this as its default. Its name is the file's. */
export interface Work {
  /** Programs it can't do without. */
  needs: string[]
  /** Seconds at most, with no network: the short version in CI does it too. */
  isQuick: boolean
  /** @param folder of its own, empty, below what the agent watches. @param documents the people's own folder, decoys in it. */
  run(folder: string, documents: string): Promise<void>
}

/** Runs a program to its end. @throws Error with what it said, when it fails. */
export async function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors = `${errors}${chunk}`.slice(-2_000)))
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${errors}`)
}

/** Text and pictures, as projects and people have them. */
export function writeTree(folder: string, files: number): void {
  for (let nth = 0; nth < files; nth += 1) {
    const place = join(folder, `part-${nth % 10}`, `more-${nth % 3}`)
    mkdirSync(place, { recursive: true })
    const isPicture = nth % 5 === 0
    const bytes = isPicture ? Buffer.concat([png, randomBytes(9_000)]) : `line of file ${nth}, as people write it\n`.repeat(200)
    writeFileSync(join(place, `${isPicture ? 'picture' : 'note'}-${nth}.${isPicture ? 'png' : 'txt'}`), bytes)
  }
}

const png = Buffer.from('89504e470d0a1a0a', 'hex')
