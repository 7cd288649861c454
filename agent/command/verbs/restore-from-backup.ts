import restoreFromBackup from '#shared/commands/restore-from-backup.ts'
import { restoreFrom } from '../restore.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: restoreFromBackup,
  async run({ openBackups, backupsFolder, isTrial, time }, args, order, live) {
    if (isTrial) return { outcome: 'refused', detail: 'this is a trial on somebody’s own machine' }
    const opened = openBackups()
    if (opened.kind === 'none') return { outcome: 'refused', detail: opened.reason }
    return restoreFrom(opened.backups, backupsFolder, order.id, args, { live, time })
  },
})
