import resumeProcess from '#shared/commands/resume-process.ts'
import { signalled } from '../signalled.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: resumeProcess,
  run: async ({ processes }, named) => signalled(processes.signal(named, 'SIGCONT'), 'goes on'),
})
