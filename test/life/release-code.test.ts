import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { doorIn, typeAt } from '../../agent/release/door.ts'
import { main } from '../../server/main.ts'
import { startAttack, writeDocuments } from '../scenario/stage/attack.ts'
import { openWorld, sharePort, tryConnection, type World, whyNoWorld } from '../scenario/stage/world.ts'
import { top } from '../support/program.ts'

const why = whyNoWorld()
if (why) console.log(`release-code is not run here: ${why}`)

/** One story, told in order: a machine that is cut off, a collector that is gone, and a person with a key and a file. */
describe.skipIf(why)('a machine whose collector is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-release-'))
  const motdFolder = join(folder, 'motd.d')
  const at = (name: string): string => join(folder, name)
  let world: World
  beforeAll(async () => {
    for (const name of ['one', 'two']) {
      writeFileSync(at(name), `the passphrase of ${name}\n`)
      chmodSync(at(name), 0o600)
    }
    world = await openWorld((documents, agentData) => {
      writeDocuments(documents, 60)
      mkdirSync(agentData, { recursive: true, mode: 0o700 })
      writeFileSync(join(agentData, 'agent.json'), JSON.stringify({ motdFolder }))
    })
  })
  afterAll(async () => {
    await world?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const collectorData = (): string => dirname(world.databaseFile)
  async function tierline(...args: string[]): Promise<{ code: number; said: string }> {
    const said: string[] = []
    const write = (text: string | Uint8Array) => said.push(String(text)) > 0
    const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write))
    const code = await main(args).finally(() => spies.forEach((spy) => void spy.mockRestore()))
    return { code, said: said.join('') }
  }
  const codeOf = async (number: number) => {
    const mine = ['--with', at('authority-2.key'), '--passphrase-file', at('two'), '--from', at('copies.json')]
    const { said } = await tierline('release-code', world.endpointId, '--number', String(number), ...mine)
    return said.split(' ')[0] ?? ''
  }
  const type = (code: string) =>
    world.machines.endpoint.run(process.execPath, [join(top, 'bin/tierline-agent.mjs'), 'release', code, '--data', world.agentData])
  const cable = (state: 'up' | 'down') => world.machines.collector.run('ip', ['link', 'set', 'eth0', state])
  const toNeighbour = (): Promise<string> => tryConnection(world.machines.endpoint, world.machines.neighbour.ipv4, sharePort)
  function stored<Row>(query: string): Row[] {
    const database = new DatabaseSync(world.databaseFile, { readOnly: true })
    const rows = database.prepare(query).all() as Row[]
    database.close()
    return rows
  }

  it('has sealed its secret to both authorities as soon as there are any, and the copies can be taken away', async () => {
    const here = ['--data', collectorData()]
    await tierline('init', ...here, '--passphrase-file', at('one'), '--passphrase-file-2', at('two'))
    renameSync(join(collectorData(), 'authority/authority-2.key'), at('authority-2.key'))
    const { releasableBy } = await world.until(({ releasableBy }) => releasableBy.length > 0)
    expect(releasableBy).toEqual(['authority 1', 'authority 2'])

    expect((await tierline('release-code', '--export', at('copies.json'), ...here)).said).toContain('of 1 machines')
    expect(stored("select target from audit where action = 'release-copies.export'")).toHaveLength(1)
  })

  it('leaves nothing on the collector’s disk of which a code could be made', async () => {
    const { secret } = JSON.parse(readFileSync(join(world.agentData, 'release/secret.json'), 'utf8')) as { secret: string }
    const bytes = Buffer.from(secret, 'base64url')
    const forms = [bytes, ...['base64url', 'hex', 'base64'].map((form) => Buffer.from(bytes.toString(form as 'hex')))]
    const files = readdirSync(collectorData(), { recursive: true, encoding: 'utf8' }).map((name) => join(collectorData(), name))
    const texts = [...files, at('copies.json')].filter((file) => statSync(file).isFile()).map((file) => readFileSync(file))
    expect(texts.some((text) => text.includes(world.endpointId))).toBe(true)
    expect(forms.filter((form) => texts.some((text) => text.includes(form)))).toEqual([])
  })

  it('is isolated, and tells the person before it: why, the number, and where a code goes', async () => {
    const attack = startAttack(world.machines.endpoint, world.documents)
    await attack.first(world.canaries)
    const { isolation } = await world.until((endpoint) => endpoint.isolation.actual === 'isolated')
    attack.stop()
    expect(isolation.number).toBe(1)
    await expect.poll(() => existsSync(join(motdFolder, 'tierline')), { timeout: seconds(10) }).toBe(true)
    for (const word of ['CUT OFF FROM THE NETWORK', 'number: 1', 'tierline-agent release CODE'])
      expect(readFileSync(join(motdFolder, 'tierline'), 'utf8')).toContain(word)
    expect(cable('down').code).toBe(0)
  })

  it('takes no wrong code, five times, and then none at all at that door', async () => {
    const door = doorIn(join(world.agentData, 'public'))
    const ofAnother = await codeOf(2)
    for (const left of [4, 3, 2, 1]) expect(await typeAt(door, ofAnother)).toEqual({ kind: 'wrong', left })
    expect(await typeAt(door, ofAnother)).toMatchObject({ kind: 'locked' })
    expect(await typeAt(door, await codeOf(1))).toMatchObject({ kind: 'locked' })
    expect(await toNeighbour()).toBe('ECONNREFUSED')
  })

  it('opens by the code that the file and the key make, without the collector, once', async () => {
    const code = await codeOf(1)
    expect(type(code)).toMatchObject({ code: 0, stdout: expect.stringContaining('open again') })
    expect(await toNeighbour()).toBe('connected')
    expect(type(code)).toMatchObject({ code: 1, stderr: expect.stringContaining('not isolated') })
    await expect.poll(() => readdirSync(motdFolder), { timeout: seconds(10) }).toEqual([])
  })

  it('says all of it when the collector is back, which then wants nothing else', async () => {
    expect(cable('up').code).toBe(0)
    await world.until(({ isolation }) => isolation.actual === 'open' && isolation.desired === 'open', 90_000)
    const events = stored<{ body: string }>("select body from timeline where kind = 'at-machine' order by at, id")
    expect(events.map(({ body }) => (JSON.parse(body) as { event: string }).event)).toEqual([
      ...['told', 'code-wrong', 'code-wrong', 'code-wrong', 'code-wrong', 'code-locked', 'code-right'],
    ])
    const kinds = stored<{ kind: string }>("select kind from signals where kind like 'security.isolation.code-%'")
    expect(kinds.map(({ kind }) => kind)).toContain('security.isolation.code-right')
    expect(stored("select target from audit where action = 'endpoint.opened-there'")).toEqual([{ target: `endpoint:${world.endpointId}` }])
    expect(await toNeighbour()).toBe('connected')
  })
})
