import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { runChaos } from '../chaos/chaos.ts'
import { findFaketime } from '../chaos/clock.ts'
import { allFaults, possible } from '../chaos/faults.ts'
import { suiteDatabase } from '../support/database.ts'

/*
 * A short `npm run chaos` with a seed that is always the same: so short that each fault comes once or twice, so steady
 * that what breaks here was broken by whoever changed something.
 */
it('loses nothing and doubles nothing when everything breaks at random', { timeout: minutes(4) }, async () => {
  const database = suiteDatabase()
  const here = { isRoot: process.getuid?.() === 0, hasFaketime: findFaketime() !== undefined, database } as const
  const { faults, left } = possible(await allFaults(), undefined, here)
  for (const line of left) console.log(`left out of the chaos: ${line}`)
  const folder = mkdtempSync(join(tmpdir(), 'tierline-chaos-'))
  const scale = { agents: 1, swarm: 5, rate: 8, forMs: seconds(25), everyMs: seconds(1.5), longestMs: seconds(4) }
  const said: string[] = []
  const order = { folder, database, seed: 12, ...scale, settleMs: minutes(2), faults }
  const { accounts, wrongs } = await runChaos(order, (line) => said.push(line), new AbortController().signal)
  expect(wrongs, `${said.join('\n')}\nwhat is left of it: ${folder}`).toEqual([])
  expect(accounts).toMatchObject({ lost: [], doubled: [], misordered: [] })
  expect(accounts.stored).toBeGreaterThan(200)
  rmSync(folder, { recursive: true })
})
