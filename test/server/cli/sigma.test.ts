import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tierline } from '../../support/command-line.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-sigma-'))
const rules = join(folder, 'rules')
const events = join(folder, 'events.json')
afterAll(() => rm(folder, { recursive: true, force: true }))

const sigma = (...args: string[]) => tierline('sigma', ...args)

const rule = (id: string, detection: string): string =>
  `id: ${id}\ntitle: "Title \\e[31m of ${id}"\ntags: [attack.execution, attack.t1059.004]\nlogsource: { product: linux, category: process_creation }\ndetection:\n  s: ${detection}\n  condition: s\nlevel: high\nstatus: test\n`

beforeAll(async () => {
  await mkdir(join(rules, 'deep'), { recursive: true })
  await writeFile(join(rules, 'good.yml'), rule('good', '{ CommandLine|contains: evil }'))
  await writeFile(join(rules, 'deep', 'named.yaml'), rule('named', "{ User|expand: '%Admins%' }"))
  await writeFile(join(rules, 'bad.yml'), 'id: bad-one\ntitle: [')
  await writeFile(join(rules, 'readme.md'), 'no rule')
  await symlink(rules, join(rules, 'deep', 'loop'))
  await symlink(join(folder, 'nowhere'), join(rules, 'dangling.yml'))
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(rules, 'pipe.yml')])
  await writeFile(events, '{"Image":"/bin/x","CommandLine":"x EVIL"}\n{"Image":"/bin/y","CommandLine":"y","User":"alice"}\nnot json\n')
})

describe('tierline sigma check', () => {
  it('counts what can be used and lists what can’t, by id and with the reason, whatever lies in the folder', async () => {
    const { code, out, err } = await sigma('check', rules)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^not used: bad-one \(bad\.yml\), because it is not YAML: /m)
    expect(out).toMatch(/^not used: named \(deep\/named\.yaml\), because the policy has nothing for its placeholder %Admins%$/m)
    expect(out).toMatch(/^not used: pipe\.yml \(pipe\.yml\), because the file can’t be read: it is no regular file$/m)
    expect(out).toMatch(/^not used: dangling\.yml /m)
    expect(out).toMatch(/^1 rules and 0 correlations can be used; 4 are not\.$/m)
  })

  it('asks for all with --strict, and prints JSON with --json', async () => {
    const { code, out } = await sigma('check', rules, '--strict', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ rules: 1, refused: expect.arrayContaining([expect.objectContaining({ id: 'bad-one' })]) })
  })

  it('says what to do about a folder that isn’t there or holds no rule', async () => {
    expect(await sigma('check', join(folder, 'nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringContaining("nowhere can't be read (ENOENT)."),
    })
    expect(await sigma('check')).toMatchObject({ code: 1, err: expect.stringContaining('Name a FOLDER.') })
  })
})

describe('tierline sigma run', () => {
  it('says which rule fits which event, with no control character of theirs', async () => {
    const placeholders = join(folder, 'placeholders.json')
    await writeFile(placeholders, '{"Admins": ["alice"]}')
    const { code, out, err } = await sigma('run', rules, events, '--placeholders', placeholders)
    expect(code).toBe(0)
    expect(out).toBe(
      'event 1: high good Title \\x1b[31m of good [T1059.004]\nevent 2: high named Title \\x1b[31m of named [T1059.004]\n' +
        '2 events, 2 hits by 2 rules, 1 parts that could not be read.\n',
    )
    expect(err).toMatch(/events\.json:3: it is not JSON/)
  })

  it('prints a line of JSON for each hit with --json', async () => {
    const { out } = await sigma('run', rules, events, '--json')
    expect(JSON.parse(out)).toEqual({
      event: 1,
      id: 'good',
      title: '\x1b[31m'.replace(/^/, 'Title ').concat(' of good'),
      status: 'test',
      severity: 'high',
      techniques: ['T1059.004'],
      tactics: ['execution'],
    })
  })
})
