import type { Scenario } from './scenario.ts'
import { openStage } from './stage/forgeries.ts'

/** Who runs the collector has its disk, its database and its keys, and alters what it says. */
export default {
  says: 'somebody takes the collector over, with its disk and its keys: machines can be protected with it, and nothing else happens',
  whyNot: () => undefined,
  play: async () => {
    const holds = [await playOn('workstation'), await playOn('core')].every((held) => held)
    console.log(holds ? '\nAll of it held.' : '\nNot all of it held: see the lines marked with ✗.')
    return holds
  },
} satisfies Scenario

async function playOn(role: 'workstation' | 'core'): Promise<boolean> {
  console.log(`\nA ${role}. What he tries, and what its agent says:`)
  const stage = await openStage(role)
  try {
    let holds = true
    for (const attempt of stage.attempts) {
      const { hasRun, said } = await attempt.try()
      const isFit = hasRun === attempt.shallRun
      holds &&= isFit
      console.log(`  ${isFit ? '✓' : '✗'} ${attempt.says}\n      ${hasRun ? 'run' : 'not run'}; ${said}`)
    }
    console.log(
      `In the agent's journal: ${stage.refusals().length} refusals. Alarms: ${[...new Set(stage.alarms())].join(', ') || 'none'}.`,
    )
    return holds && stage.alarms().includes('security.command.forged')
  } finally {
    await stage.close()
  }
}
