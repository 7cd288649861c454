import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#shared/domain/fault.ts'

/** Builds the console when it was never built, or when its sources are newer than what was built; says so first. */
export async function buildConsole(top: string, say: (line: string) => void): Promise<void> {
  if (isFresh(top)) return
  say('Building the console, which takes a few seconds …')
  const vite = join(top, 'node_modules/vite/bin/vite.js')
  if (!existsSync(vite))
    throw new Fault('console-missing', 'The console is not built, and what builds it is not installed: run `npm ci` once.')
  const build = spawn(process.execPath, [vite, 'build', 'server/console', '--logLevel', 'warn'], { cwd: top, stdio: 'inherit' })
  const [code] = (await once(build, 'exit')) as [number | null]
  if (code !== 0) throw new Fault('console-broken', 'The console could not be built; the lines above say why.')
}

function isFresh(top: string): boolean {
  const built = join(top, 'server/console/dist/index.html')
  if (!existsSync(built)) return false
  const builtAt = statSync(built).mtimeMs
  const sources = globSync(['server/console/**/*.*', 'shared/**/*.ts'], { cwd: top, exclude: ['server/console/dist/**'] })
  return sources.every((source) => statSync(join(top, source)).mtimeMs <= builtAt)
}
