import { expect, it } from 'vitest'
import { openStage } from '../scenario/stage/forgeries.ts'

/* `npm run scenario -- forged-commands`, without its words: who runs the collector protects machines with it, and does nothing else. */
it.each(['workstation', 'core'] as const)(
  'somebody who has taken the collector over can only protect a %s',
  { timeout: 120_000 },
  async (role) => {
    await using cleanup = new AsyncDisposableStack()
    const stage = await openStage(role)
    cleanup.defer(stage.close)
    const outcomes: Record<string, { hasRun: boolean; said: string }> = {}
    for (const { says, try: attempt } of stage.attempts) outcomes[says] = await attempt()

    const hasRun = Object.fromEntries(Object.entries(outcomes).map(([says, outcome]) => [says, outcome.hasRun]))
    expect(hasRun).toEqual(Object.fromEntries(stage.attempts.map(({ says, shallRun }) => [says, shallRun])))
    const refused = Object.values(outcomes).filter((outcome) => !outcome.hasRun && outcome.said.startsWith('refused'))
    expect(stage.refusals().length).toBeGreaterThanOrEqual(refused.length)
    for (const { said } of refused) expect(said).toMatch(/^refused: \S.{20,}/)
    expect(stage.alarms()).toEqual(expect.arrayContaining(['security.command.forged', 'security.document.forged']))
  },
)
