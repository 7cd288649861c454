import { minutes } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.disk.failing when a file system that should be writable is read-only for two minutes: the kernel does that to
 * save what is left (errors=remount-ro). High, because everything on it stops. Should be writable: /etc/fstab doesn't say
 * `ro`, or it was writable earlier in this agent's life. The community has no rule of its own for it (its full-disk rules
 * leave read-only ones out). Appliances that boot read-only say so in fstab and stay silent.
 */
const localTypes = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs', 'jfs', 'vfat'])

export default defineHealth({
  name: 'disk-read-only',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'Look for I/O errors (dmesg), save what can be saved, check the file system off-line, and look at the drive.',
  start: [] as string[],
  async read({ vitals }): Promise<{ mounts: string; fstab: string }> {
    const [mounts = '', fstab] = await Promise.all([vitals.kernel('/proc/self/mounts'), vitals.file('/etc/fstab')])
    return { mounts, fstab: fstab?.text ?? '' }
  },
  decide(wasWritable, { mounts, fstab }) {
    const planned = new Map(parse(fstab).map(({ mount, isReadOnly }) => [mount, isReadOnly]))
    const local = parse(mounts).filter(({ device, type }) => device.startsWith('/dev/') && localTypes.has(type))
    const writable = local.filter(({ isReadOnly }) => !isReadOnly).map(({ mount }) => mount)
    const lost = local.filter(({ mount, isReadOnly }) => isReadOnly && (planned.get(mount) === false || wasWritable.includes(mount)))
    const findings = lost.map(({ mount, device, type }) => ({
      kind: 'health.disk.failing',
      severity: 'high' as const,
      about: mount,
      summary: `${mount} has become read-only: nothing can be written there`,
      facts: { mount, device, type },
    }))
    const stillThere = wasWritable.filter((mount) => local.some((each) => each.mount === mount))
    return { state: [...new Set([...writable, ...stillThere])].slice(0, 200), findings }
  },
})

/** fstab(5), which /proc/mounts has the form of. */
function parse(text: string): { device: string; mount: string; type: string; isReadOnly: boolean }[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', mount, type = '', options = ''] = line.trim().split(/\s+/)
    if (mount === undefined || device.startsWith('#')) return []
    return [{ device, mount, type, isReadOnly: options.split(',').includes('ro') }]
  })
}
