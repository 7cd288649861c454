import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Audit, createAudit } from '../../../server/audit/audit.ts'
import { type Http, type HttpOptions, startHttp } from '../../../server/http/http.ts'
import { createLiveBus, type LiveBus } from '../../../server/live.ts'
import { createPeople, type People } from '../../../server/people/people.ts'
import { loadMatrix, type Matrix } from '../../../server/route/matrix.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'

/** What the rooms behind http were asked to do, in order: `desk.acknowledge`, `wire.watch`, … */
export type Asked = [what: string, ...with_: unknown[]][]

export interface TestConsole extends AsyncDisposable {
  http: Http
  url: string
  store: Store
  people: People
  audit: Audit
  bus: LiveBus
  time: FakeTime
  matrix: Matrix
  asked: Asked
  /** What the next act at the desk comes to; done otherwise. */
  desk: { next: Awaited<ReturnType<HttpOptions['desk']['acknowledge']>> | undefined }
}

/** http with real people, audit, matrix and store, over a real socket; the rooms behind it write down what they hear. */
export async function startConsole(change: Partial<HttpOptions> = {}): Promise<TestConsole> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-http-'))
  const time = new FakeTime()
  const store = await openStore(`sqlite:${join(folder, 'tierline.db')}`)
  const audit = createAudit({ time })
  const people = createPeople({ store, time, audit })
  const bus = createLiveBus()
  const matrix = await defaultMatrix()
  const asked: Asked = []
  const desk: TestConsole['desk'] = { next: undefined }
  const http = await startHttp({
    config: { console: { host: '127.0.0.1', port: 0 }, consoleDist: join(folder, 'dist') },
    ...{ store, time, log: pino({ level: 'silent' }), people, audit, bus, matrix, version: '0.1.0-test' },
    ...neighbours(asked, desk),
    sentence: ({ kind }) => `It was ${kind}.`,
    agentsUrl: 'https://127.0.0.1:7843',
    ...change,
  })
  return {
    ...{ http, url: http.url, store, people, audit, bus, time, matrix, asked, desk },
    [Symbol.asyncDispose]: async () => {
      await http.stop()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function defaultMatrix(): Promise<Matrix> {
  const loaded = await loadMatrix(join(import.meta.dirname, '../../../server/route/default-matrix.yaml'))
  if (loaded.kind === 'bad') throw new Error('the default matrix is bad')
  return loaded.matrix
}

function neighbours(asked: Asked, desk: TestConsole['desk']): Pick<HttpOptions, 'desk' | 'identity' | 'ingest' | 'wire' | 'receivers'> {
  const note = <Answer>(what: string, answer: () => Answer) => {
    return async (...given: unknown[]): Promise<Answer> => {
      asked.push([what, ...given])
      return answer()
    }
  }
  const act = (verb: string) => note(`desk.${verb}`, () => desk.next ?? { kind: 'done' as const, version: 2 })
  return {
    desk: {
      open: note('desk.open', () => randomUUIDv7()),
      ...{ acknowledge: act('acknowledge'), comment: act('comment'), resolve: act('resolve') },
      ...{ isolate: act('isolate'), release: act('release'), leave: act('leave') },
      ...{ isolateEndpoint: act('isolateEndpoint'), releaseEndpoint: act('releaseEndpoint') },
    },
    identity: {
      createToken: note('identity.createToken', () => ({ id: randomUUIDv7(), token: 'tl1.made', expiresAt: 1 })),
      revoke: note('identity.revoke', () => undefined),
      confirmRole: note('identity.confirmRole', () => undefined),
    },
    ingest: { takeFromSource: note('ingest.takeFromSource', () => randomUUIDv7()) },
    wire: {
      watch: (...given) => void asked.push(['wire.watch', ...given]),
      disconnect: (...given) => void asked.push(['wire.disconnect', ...given]),
    },
    receivers: {
      create: note('receivers.create', () => ({ id: randomUUIDv7(), secret: 'a secret made for you' })),
      disable: note('receivers.disable', () => true),
    },
  }
}
