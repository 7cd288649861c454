import suspendProcess from '#shared/commands/suspend-process.ts'
import { signalled } from '../signalled.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: suspendProcess,
  run: async ({ processes }, named) => signalled(processes.signal(named, 'SIGSTOP'), 'halted'),
})
