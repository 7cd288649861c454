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

/** Where below /lib/modules/<release> it lies, by modules.dep; undefined: nobody installed it. */
export function placeInTree(name: string, dependencies: string): string | undefined {
  const wanted = name.replaceAll('-', '_')
  const line = dependencies.split('\n').find((each) => {
    const file = each.slice(0, each.indexOf(':')).split('/').at(-1) ?? ''
    return file.replace(/\.ko(?:\.\w+)?$/, '').replaceAll('-', '_') === wanted
  })
  return line?.slice(0, line.indexOf(':'))
}

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
