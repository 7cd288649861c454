import { spawn } from 'node:child_process'
import { once } from 'node:events'

/* `npm run check`: lint and types, side by side; each says what it has to say when it has ended. */

const checks = ['biome check', 'tsc --noEmit', 'tsc --noEmit -p server/console']

async function run(check: string): Promise<boolean> {
  const [program = '', ...args] = check.split(' ')
  // npm puts node_modules/.bin into the path; on Windows its programs are scripts, which need a shell.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void said.push(chunk))
  const [code] = await once(child, 'close')
  process.stdout.write(Buffer.concat(said))
  return code === 0
}

const passed = await Promise.all(checks.map(run))
process.exitCode = passed.every((isGood) => isGood) ? 0 : 1
