import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { minutes, type Time } from '#shared/domain/time.ts'
import { systemTime } from '../../server/system-time.ts'
import { agentFolder, startTestAgent, toldDetector } from './agent.ts'
import { type ApiClient, signIn } from './api.ts'
import { startTestCollector, type TestCollector } from './collector.ts'
import { livelyMachines } from './lively-machines.ts'

export interface LivelyDesk extends AsyncDisposable {
  consoleUrl: string
  login: string
  password: string
}

/** A desk as a morning leaves it, with real machines behind it, and somebody who may look at it. */
export async function startLivelyDesk(consoleDist: string): Promise<LivelyDesk> {
  const stack = new AsyncDisposableStack()
  const clock = movableTime()
  const matrixFile = await matrixWithoutNights(join(agentFolder(), 'matrix.yaml'))
  const collector = stack.use(await startTestCollector({ consoleDist, matrixFile, time: clock.time }))
  const { consoleUrl, firstSignIn } = collector
  const admin = await signIn(consoleUrl, firstSignIn.login, firstSignIn.password)
  const ada = await addPerson(admin, 'Ada Okafor')
  const bram = await addPerson(admin, 'Bram Visser')
  for (const { minutesAgo, say } of await startMachines(admin, collector, stack)) {
    clock.moveTo(minutesAgo)
    await say()
  }
  clock.moveTo(12)
  await take(await signIn(consoleUrl, bram.login, bram.password), ['postgresql', 'Log-on service'])
  clock.moveTo(9)
  await take(await signIn(consoleUrl, ada.login, ada.password), ['I clicked'])
  clock.moveTo(0)
  return { consoleUrl, ...ada, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The default matrix in an office that never closes, so that the board looks the same at whatever hour it is drawn. */
async function matrixWithoutNights(file: string): Promise<string> {
  const yaml = await readFile(join(import.meta.dirname, '../../server/route/default-matrix.yaml'), 'utf8')
  await writeFile(file, yaml.replace(/^ {2}office: .*$/m, '  office: always'))
  return file
}

/** The real clock, some minutes behind: so that tickets have ages. */
function movableTime(): { time: Time; moveTo(minutesAgo: number): void } {
  let behindMs = 0
  return {
    time: { ...systemTime, now: () => systemTime.now() - behindMs },
    moveTo: (minutesAgo) => {
      behindMs = minutes(minutesAgo)
    },
  }
}

async function addPerson(admin: ApiClient, name: string): Promise<{ login: string; password: string }> {
  const login = name.toLowerCase().replace(' ', '.')
  const password = `the long password of ${login}`
  await admin.post('/api/people', { name, login, password, teams: ['tier1', 'tier2', 'tier3', 'security'], isAdmin: true })
  return { login, password }
}

/** Everything there is to say, the oldest first. */
async function startMachines(admin: ApiClient, collector: TestCollector, stack: AsyncDisposableStack) {
  const organisations = new Map<string, string>()
  const sayings: { minutesAgo: number; say(): Promise<void> }[] = []
  for (const { hostname, role, of, says } of livelyMachines) {
    const organisationId = organisations.get(of) ?? (await addOrganisation(admin, of))
    organisations.set(of, organisationId)
    const told = toldDetector()
    const token = await collector.token({ organisationId, role })
    const agent = await startTestAgent({ token, hostname, detectors: [told.detector] })
    stack.defer(() => agent.stop('stop'))
    for (const { minutesAgo, ...saying } of says) sayings.push({ minutesAgo, say: () => untilHandled(collector, () => told.say(saying)) })
  }
  return sayings.toSorted((a, b) => b.minutesAgo - a.minutesAgo)
}

const addOrganisation = async (admin: ApiClient, name: string): Promise<string> =>
  (await admin.post<{ id: string }>('/api/organisations', { name, timeZone: 'Europe/Berlin' })).id

/** Resolves once the desk has made of it what it makes of it. */
async function untilHandled({ store }: TestCollector, say: () => Promise<void>): Promise<void> {
  const handled = async () => (await store.db.selectFrom('signals').select('id').where('handled_at', 'is not', null).execute()).length
  const before = await handled()
  await say()
  while ((await handled()) === before) await new Promise<void>((resolve) => systemTime.after(20, resolve))
}

async function take(person: ApiClient, words: string[]): Promise<void> {
  const { tickets } = await person.get<{ tickets: { id: string; title: string; version: number }[] }>('/api/tickets')
  for (const { id, title, version } of tickets) {
    if (words.some((word) => title.includes(word))) await person.post(`/api/tickets/${id}/acknowledge`, { version })
  }
}
