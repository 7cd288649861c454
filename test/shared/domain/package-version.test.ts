import { expect, it } from 'vitest'
import { compareVersions } from '#shared/domain/package-version.ts'

/* Each is older than the next. The order is Debian policy's, 5.6.12, and that of `dpkg --compare-versions`. */
it.each([
  [['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0a', '1.0+b', '1.0.1']],
  [['0.9.10', '1.2', '1.10', '1:0.1', '2:0']],
  [['1.0-1', '1.0-1+deb12u1', '1.0-1+deb12u2', '1.0-2', '1.0-10']],
  [['3.0.9-1', '3.0.14-1~deb12u1', '3.0.14-1~deb12u2', '3.0.14-1']],
  [['', '0.1', '1', '99999999999999999998', '99999999999999999999']],
])('%j', (versions) => {
  for (const [index, version] of versions.entries()) {
    expect(compareVersions(version, version)).toBe(0)
    for (const newer of versions.slice(index + 1)) {
      expect(compareVersions(version, newer), `${version} < ${newer}`).toBeLessThan(0)
      expect(compareVersions(newer, version), `${newer} > ${version}`).toBeGreaterThan(0)
    }
  }
})

it.each([
  ['1.0', '0:1.0'],
  ['1.01', '1.1'],
])('%s is %s', (a, b) => expect(compareVersions(a, b)).toBe(0))
