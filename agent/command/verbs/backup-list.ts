import backupList from '#shared/commands/backup-list.ts'
import { defineVerb } from '../verb.ts'

/** What fits a record. */
const maxListed = 60
const maxPaths = 10

export default defineVerb({
  command: backupList,
  async run({ openBackups }) {
    const opened = openBackups()
    if (opened.kind === 'none') return { outcome: 'refused', detail: opened.reason }
    try {
      const all = await opened.backups.list()
      const snapshots = all.slice(0, maxListed).map((each) => ({ ...each, paths: each.paths.slice(0, maxPaths) }))
      const { version, features } = await opened.backups.restic.about()
      const verified = all.filter(({ verifiedAt }) => verifiedAt !== null).length
      return {
        outcome: 'succeeded',
        detail: `${all.length} snapshots, ${verified} of them verified`,
        output: { snapshots, isCut: all.length > maxListed, restic: { version, features: [...features] } },
      }
    } catch (error) {
      return { outcome: 'failed', detail: error instanceof Error ? error.message : String(error) }
    }
  },
})
