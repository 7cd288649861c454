/** One line of /proc/modules. */
export interface Module {
  name: string
  /** What it stained the kernel with: O from outside the kernel's tree, E unsigned, F forced, P proprietary. */
  taint: string
}

const maxModules = 2_000

/** `nf_nat 61440 3 nft_chain_nat,xt_MASQUERADE, Live 0x0000000000000000 (OE)`. */
export function readModules(text: string): Module[] {
  return text
    .split('\n')
    .slice(0, maxModules)
    .flatMap((line) => {
      const [name = '', size] = line.split(' ')
      return size === undefined
        ? []
        : [{ name: name.slice(0, 100), taint: /\(([A-Z+-]+)\)\s*$/.exec(line)?.[1]?.replace(/[+-]/g, '') ?? '' }]
    })
}

/** By its name: where below /lib/modules/<release> each module lies that somebody installed, out of modules.dep. */
export function readTree(dependencies: string): ReadonlyMap<string, string> {
  const places = new Map<string, string>()
  for (const line of dependencies.split('\n')) {
    const place = line.slice(0, Math.max(0, line.indexOf(':')))
    const file = place.slice(place.lastIndexOf('/') + 1)
    const name = nameInTree(file.replace(/\.ko(?:\.\w+)?$/, ''))
    if (!places.has(name)) places.set(name, place)
  }
  places.delete('')
  return places
}

/** The kernel writes one where a file's name has the other. */
export const nameInTree = (name: string): string => name.replaceAll('-', '_')

/** Where modules that packages build on the machine lie: they bear no signature of the distribution's. */
const builtHere = /^(?:updates|extra|weak-updates)\//

/**
 * `dangerous`: from nowhere in the tree, or unsigned where the distribution signs. `new`: built on the machine, as drivers are.
 * Undefined: the kernel's own, which come and go with devices.
 */
export function dangerOf({ taint }: Module, place: string | undefined): 'dangerous' | 'new' | undefined {
  if (place === undefined || taint.includes('F')) return 'dangerous'
  if (builtHere.test(place)) return 'new'
  return taint.includes('E') ? 'dangerous' : undefined
}
