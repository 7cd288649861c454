import { definePlaybook } from '../playbook.ts'
import { restoring } from '../restoring.ts'

/** What was encrypted comes from a backup, and that from before the encryption began. */
export default definePlaybook({
  name: 'ransomware',
  after: (entry, work) =>
    restoring(
      entry,
      work,
      'Take a backup that was verified and is older than the first encrypted file; check that nothing in it starts by itself. ' +
        'Restore it, or say why the machine may come back as it is; then it can be released.',
    ),
})
