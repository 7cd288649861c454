import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { aboutOf, openTestSpool, temporaryFolder } from './records.ts'

/** Appends in a process of its own, kills it with -9 after `killAfter` acknowledged appends, returns those it had printed. */
async function printedBeforeKill(dir: string, killAfter: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'append-for-ever.ts'), dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(line)
    if (printed.length === killAfter) child.kill('SIGKILL')
  }
  return printed
}

it('has every record whose append had resolved when the process was killed with -9', { timeout: 60_000 }, async () => {
  const dir = temporaryFolder()
  const printed: string[] = []
  for (const killAfter of [1, 40, 333]) printed.push(...(await printedBeforeKill(dir, killAfter)))
  const spool = await openTestSpool(dir)
  const kept = new Map<string, string>()
  for (let after = 0; after < spool.last('signals'); ) {
    const found = spool.read('signals', after, 200, 1_000_000)
    for (const { seq, body } of found) kept.set(`${seq}`, aboutOf(body))
    after = found.at(-1)?.seq ?? spool.last('signals')
  }
  await spool.close()
  expect(printed.length).toBeGreaterThan(373)
  for (const line of printed) {
    const [seq = '', about] = line.split(' ')
    expect(kept.get(seq)).toBe(about)
  }
  expect(new Set(kept.values()).size).toBe(kept.size)
})
