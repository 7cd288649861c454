import { definePlaybook } from '../playbook.ts'
import { restoring } from '../restoring.ts'

/** For each route that names no playbook of ours. */
export default definePlaybook({
  name: 'isolated',
  after: (entry, work) => restoring(entry, work, 'Restore it, or say why it may come back as it is; then it can be released.'),
})
