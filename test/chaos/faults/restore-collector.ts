import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CollectorSide } from '../collector-side.ts'
import { defineFault, mostlyShort } from '../fault.ts'
import { addLines } from '../history.ts'

export default defineFault({
  says: 'the collector is backed up; a while later it is killed, restored from that backup into a new folder, and started',
  befalls: 'collector',
  facet: 'process',
  weight: 2,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs),
  lacks: ({ database }) => (database === 'sqlite' ? undefined : 'PostgreSQL is restored by its own means'),
  befall: ({ collector, folder, agents, repeater }, { forMs }) =>
    collector.side.alone(async () => {
      const [file, passphraseFile] = [join(folder, `backup-${collector.side.starts}`), join(folder, 'passphrase')]
      writeFileSync(passphraseFile, 'four words that nobody says\n', { mode: 0o600 })
      await collector.isUp()
      await run(collector, 'backup', file, '--passphrase-file', passphraseFile)
      await sleep(forMs)
      await collector.side.kill()
      const before = await storedIn(collector)
      const left = collector.dataDir
      collector.dataDir = `${left}-again`
      await run(collector, 'restore', file, '--passphrase-file', passphraseFile)
      const after = await storedIn(collector)
      for (const { historyFile } of [...agents, repeater]) addLines(historyFile, [{ what: 'restored' }])
      rmSync(left, { recursive: true })
      collector.side.start()
      return `it forgot ${before - after} signals`
    }),
})

const storedIn = async (collector: CollectorSide): Promise<number> =>
  Number((await collector.rows('select count(*) as count from signals'))[0]?.count)

async function run(collector: CollectorSide, verb: string, ...rest: string[]): Promise<void> {
  const { file, args } = collector.verb(verb, ...rest)
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...collector.clock.env } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`tierline ${verb} ended with ${code}: ${said}`)
}
