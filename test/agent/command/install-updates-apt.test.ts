import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandOrder } from '#shared/domain/command.ts'
import type { Live } from '../../../agent/command/live.ts'
import type { Machine } from '../../../agent/command/verb.ts'
import installUpdates from '../../../agent/command/verbs/install-updates.ts'
import type { Ended, Host } from '../../../agent/host/host.ts'

/*
 * The real apt and the real dpkg, over folders of this test alone: apt is told by its own settings where everything lies,
 * dpkg by its own, and the one source is a folder with one tiny package. Nothing of this machine is read or changed.
 */
const isThere = ['apt-get', 'dpkg-deb', 'dpkg-query'].every((program) => spawnSync(program, ['--version']).status === 0)
if (!isThere) console.warn('install-updates with a real apt: skipped, this machine has no apt')

describe.skipIf(!isThere)('with a real apt', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-apt-'))
  const at = (...path: string[]): string => join(folder, ...path)
  const root = at('root')
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    APT_CONFIG: at('apt.conf'),
    DPKG_ADMINDIR: at('root/var/lib/dpkg'),
  }
  const forDpkg = [`--root=${root}`, '--force-not-root', '--force-bad-path', '--log=/dev/null']

  /** Builds this version of the package, and lists it as the repository's only one. @returns its file. */
  function offer(version: string): string {
    const deb = at('repo', `tierline-tiny_${version}_all.deb`)
    const control = `Package: tierline-tiny\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: tiny\n`
    writeFileSync(at('package/DEBIAN/control'), control)
    writeFileSync(at('package/usr/share/tierline-tiny/version'), version)
    execFileSync('dpkg-deb', ['--root-owner-group', '--build', at('package'), deb], { stdio: 'ignore' })
    const sha256 = createHash('sha256').update(readFileSync(deb)).digest('hex')
    const listed = `${control}Filename: ./tierline-tiny_${version}_all.deb\nSize: ${statSync(deb).size}\nSHA256: ${sha256}\n`
    writeFileSync(at('repo/Packages'), listed)
    return deb
  }
  const host = {
    run: async (program: string, args: readonly string[]): Promise<Ended> => {
      const { status, stdout, stderr } = spawnSync(program, [...args], { env, encoding: 'utf8', timeout: 60_000 })
      return { kind: 'ended', code: status ?? 1, stdout, stderr }
    },
  } as unknown as Host
  const run = () => installUpdates.run({ host, isTrial: false } as Machine, {}, {} as CommandOrder, {} as Live)
  const installed = (): string => readFileSync(join(root, 'usr/share/tierline-tiny/version'), 'utf8')

  beforeAll(() => {
    for (const path of ['dpkg/info', 'dpkg/updates', 'dpkg/triggers', 'apt/lists/partial'])
      mkdirSync(join(root, 'var/lib', path), { recursive: true })
    for (const path of ['root/var/cache/apt/archives/partial', 'root/var/log/apt', 'root/etc/apt/preferences.d', 'parts', 'repo'])
      mkdirSync(at(path), { recursive: true })
    for (const path of ['package/DEBIAN', 'package/usr/share/tierline-tiny']) mkdirSync(at(path), { recursive: true, mode: 0o755 })
    for (const name of ['status', 'available', 'diversions']) writeFileSync(join(env.DPKG_ADMINDIR, name), '')
    const settings = [
      `Dir "${root}";`,
      `Dir::State::status "${join(env.DPKG_ADMINDIR, 'status')}";`,
      'Dir::Bin::dpkg "/usr/bin/dpkg";',
      'Dir::Etc::main "/dev/null";',
      `Dir::Etc::parts "${at('parts')}";`,
      'APT::Sandbox::User "";',
      `Dpkg::Options { ${forDpkg.map((option) => `"${option}";`).join(' ')} };`,
      'Dpkg::Use-Pty "0";',
    ]
    writeFileSync(at('apt.conf'), `${settings.join('\n')}\n`)
    writeFileSync(join(root, 'etc/apt/sources.list'), `deb [trusted=yes] file:${at('repo')} ./\n`)
    execFileSync('dpkg', [...forDpkg, '--install', offer('1')], { env, stdio: 'ignore' })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('installs what the repository offers, says so, and finds nothing to do the next time', async () => {
    expect(await run()).toMatchObject({ outcome: 'succeeded', detail: expect.stringMatching(/^everything was up to date/) })
    offer('2')
    expect(await run()).toMatchObject({
      outcome: 'succeeded',
      detail: expect.stringMatching(/^1 packages were updated/),
      output: { changed: [{ name: 'tierline-tiny:all', from: '1', to: '2' }], count: 1 },
    })
    expect(installed()).toBe('2')
    expect(await run()).toMatchObject({ detail: expect.stringMatching(/^everything was up to date/) })
  }, 60_000)

  it('says what apt said of a package that is not what the repository lists, and leaves the one before', async () => {
    const deb = offer('3')
    writeFileSync(deb, Buffer.concat([readFileSync(deb), Buffer.from('altered')]))
    expect(await run()).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(/^apt-get ended with code 100: /) })
    expect(installed()).toBe('2')
  }, 60_000)
})
