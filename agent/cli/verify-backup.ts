import { join } from 'node:path'
import { Fault } from '#shared/domain/fault.ts'
import { openBackups } from '../command/backups.ts'
import { createHost } from '../host/host.ts'
import type { Verb } from '../main.ts'
import { systemTime } from '../system-time.ts'

/** As the running agent does once an hour: for whoever has just set a backup up and wants to know. */
const verb: Verb = {
  summary: 'restores a sample of the newest snapshot and says whether it can be relied on',
  async run({ dataDir }) {
    const opened = openBackups(createHost(systemTime), join(dataDir, 'backups'), join(dataDir, 'restic.json'))
    if (opened.kind === 'none') throw new Fault('backup-none', `There is nothing to verify: ${opened.reason}.`)
    const done = await opened.backups.verifyNext(systemTime.now())
    if (done?.outcome === 'differs') throw new Fault('backup-differs', `The newest snapshot can’t be relied on: ${done.detail}.`)
    process.stdout.write(
      done ? `Snapshot ${done.snapshot} is verified: ${done.detail}.\n` : 'The newest snapshot is verified, or there is none.\n',
    )
  },
}
export default verb
