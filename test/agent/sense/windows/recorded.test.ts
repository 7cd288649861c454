import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { detectors } from '../../../../agent/sense/detectors.ts'
import { FakeWindows } from '../../../support/fake-windows.ts'
import { startBench } from '../bench-machine.ts'

/* Recordings of real machines, played through the whole Windows source: only Windows' own calls are made up. */
const data = join(import.meta.dirname, '../../../../../shared/data')
const byEvents = new Set([
  'windows-events',
  'failed-logins',
  'process-starts',
  'sigma-rules',
  'power-changed',
  'logs-cleared',
  'malware-found',
])
const judges = detectors.filter(({ name }) => byEvents.has(name))

async function play(events: Record<string, unknown>[], files: Record<string, string> = {}) {
  const windows = new FakeWindows()
  const { time, spool, sense } = await startBench(judges, { windows, files })
  for (const event of events) windows.write(event)
  for (let turn = 0; turn < 100; turn += 1) await time.advance(seconds(1))
  await sense.stop()
  return spool.signals()
}

const recordings = globSync(join(data, 'otrf/*.zip'))

describe.skipIf(recordings.length === 0)('attacks on lab machines', () => {
  const recorded = (name: string) =>
    execFileSync('unzip', ['-p', recordings.find((path) => path.includes(name)) ?? ''], { maxBuffer: 67_108_864 })
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it('a task that is made among Windows’ own is told, once, with what it runs', async () => {
    const said = await play(recorded('schtask_create'))
    const persistent = said.filter(({ kind }) => kind.startsWith('security.persistence.'))
    expect(persistent).toMatchObject([
      {
        kind: 'security.persistence.dangerous',
        severity: 'high',
        facts: { technique: 'T1053.005', command: expect.stringContaining('notepad.exe') },
      },
    ])
  })

  it.each(['bitsadmin', 'esentutl', 'mavinject'])('of %s the cleared logs are told once each', async (name) => {
    const lost = (await play(recorded(name))).filter(({ kind }) => kind === 'security.defence.down')
    expect(lost.map(({ about }) => about).toSorted()).toEqual([...new Set(lost.map(({ about }) => about))].toSorted())
    expect(lost.map(({ about }) => about)).toContain('log Security')
    expect(lost[0]?.facts).toMatchObject({ technique: 'T1070.001', defence: 'logs' })
  })
})

const regressions = globSync(join(data, 'sigma-regression/**/info.yml'))
const ruleFiles = globSync(join(data, 'sigma-rules/**/*.yml'))

describe.skipIf(regressions.length === 0 || ruleFiles.length === 0 || !existsSync(data))('Sigma’s own positives', () => {
  it('fit their rules when they come out of Windows’ log', { timeout: 60_000 }, async () => {
    const folders = regressions.map((path) => join(path, '..'))
    const wanted = new Map(
      folders.map((folder) => [
        /rule_metadata:[\s\S]*?id: ([0-9a-f-]{36})/.exec(readFileSync(join(folder, 'info.yml'), 'utf8'))?.[1] ?? folder,
        folder,
      ]),
    )
    const files: Record<string, string> = {}
    for (const path of ruleFiles) {
      const text = readFileSync(path, 'utf8')
      if ([...wanted.keys()].some((id) => text.includes(id))) files[`C:\\ProgramData\\Tierline\\sigma/${path.split('/').at(-1)}`] = text
    }
    const events = folders.flatMap((folder) => globSync(join(folder, '*.json')).flatMap((path) => documentsIn(readFileSync(path, 'utf8'))))
    const said = await play(events, files)
    const fitted = new Set(said.filter(({ kind }) => kind.startsWith('security.sigma.')).map(({ facts }) => String(facts.rule)))
    // Of two, the rule itself is not in the collection.
    const here = [...wanted].filter(([id]) => Object.values(files).some((text) => text.includes(id)))
    const missed = here.filter(([id]) => !fitted.has(id))
    expect(here.length).toBeGreaterThan(60)
    expect(missed.map(([, folder]) => folder.split('/').at(-1))).toEqual([])
  })
})

/** Some files hold several, one behind the other; each as JSON of its XML → flat, as the fake takes it. */
function documentsIn(text: string): Record<string, unknown>[] {
  const parts = text.split(/(?<=^\})\s*(?=^\{)/m)
  return parts.map((part) => {
    const { System, EventData = {}, UserData = {} } = (JSON.parse(part) as { Event: Record<string, Record<string, unknown>> }).Event
    const attribute = (name: string, key: string) =>
      (System?.[name] as { '#attributes'?: Record<string, unknown> } | undefined)?.['#attributes']?.[key]
    const { EventID, Channel, Computer } = System ?? {}
    const [user = {}] = Object.values(UserData ?? {}) as Record<string, unknown>[]
    const id = typeof EventID === 'object' ? (EventID as { '#text': unknown })['#text'] : EventID
    const known = {
      EventID: id,
      Channel,
      Computer,
      Provider_Name: attribute('Provider', 'Name'),
      TimeCreated: attribute('TimeCreated', 'SystemTime'),
    }
    return { ...user, ...EventData, ...known }
  })
}
