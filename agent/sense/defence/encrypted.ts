import type { Vitals } from '../../host/vitals.ts'

/** A volume on a volume on an encrypted disk is as deep as people build. */
const maxDepth = 4

/** Mounts of disks, and which of them lie on an encrypted one, by what the device mapper says of the layers below. */
export async function encryptedMounts(vitals: Vitals): Promise<{ looked: string[]; on: string[] }> {
  const mounts = ((await vitals.kernel('/proc/self/mountinfo')) ?? '').split('\n').flatMap((line) => {
    const [, , device, , mount] = line.split(' ')
    return device !== undefined && mount !== undefined && / - \S+ \/dev\//.test(line)
      ? [{ device, name: `disk encryption ${mount}`.slice(0, 300) }]
      : []
  })
  const found = await Promise.all(
    mounts.slice(0, 100).map(async ({ device, name }) => ({ name, isOn: await isEncrypted(vitals, `/sys/dev/block/${device}`, 0) })),
  )
  return { looked: found.map(({ name }) => name), on: found.flatMap(({ name, isOn }) => (isOn ? [name] : [])) }
}

async function isEncrypted(vitals: Vitals, path: string, depth: number): Promise<boolean> {
  if ((await vitals.kernel(`${path}/dm/uuid`))?.startsWith('CRYPT-')) return true
  if (depth >= maxDepth) return false
  for (const below of await vitals.names(`${path}/slaves`))
    if (await isEncrypted(vitals, `/sys/class/block/${below}`, depth + 1)) return true
  return false
}
