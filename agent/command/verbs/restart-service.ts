import restartService from '#shared/commands/restart-service.ts'
import { defineVerb } from '../verb.ts'

const timeoutMs = 90_000

export default defineVerb({
  command: restartService,
  async run({ host, services }, { unit }) {
    if (!services.includes(unit)) return { outcome: 'refused', detail: `${unit} is not on this machine’s list of services (agent.json)` }
    const restarted = await host.run('systemctl', ['restart', '--', unit], { timeoutMs })
    if (restarted.kind === 'missing') return { outcome: 'refused', detail: 'this machine has no systemctl' }
    if (restarted.kind === 'timed-out') return { outcome: 'failed', detail: `${unit} did not come back in ${timeoutMs / 1_000} s` }
    if (restarted.code !== 0) return { outcome: 'failed', detail: restarted.stderr.trim() || `systemctl ended with code ${restarted.code}` }
    const asked = await host.run('systemctl', ['is-active', '--', unit], { timeoutMs })
    const state = asked.kind === 'ended' ? asked.stdout.trim() : 'unknown'
    return { outcome: state === 'active' ? 'succeeded' : 'failed', detail: `${unit} is ${state}`, output: { state } }
  },
})
