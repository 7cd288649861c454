import { basename } from 'node:path'
import type { ProcessFacts } from '../../host/process-facts.ts'
import type { SenseSettings } from '../define-detector.ts'
import type { Tree } from '../writers/trees.ts'
import type { Doing } from './compare.ts'

const packageManagers =
  /^\/usr\/(?:s?bin|lib)\/(?:.*\/)?(?:dpkg|apt|apt-get|aptitude|unattended-upgrade|rpm|dnf[\d-]*|yum|zypper|pacman|apk|snapd?|flatpak|packagekitd)$/

/** Package managers write beside the file and rename, so who wrote there last is asked too. What this agent starts, a signed command asked for. */
export async function doingOf(path: string, { writers }: SenseSettings): Promise<Doing> {
  const tree = await writers?.of([path, `${path}.dpkg-new`, `${path}+`, `${path}-`], 0)
  return {
    facts: factsOf(tree),
    isByPackages: tree !== undefined && isPackageManager(tree.top),
    isByOwnCommand: tree?.top.parent === process.pid,
  }
}

export function isPackageManager({ exe, commandLine }: Pick<ProcessFacts, 'exe' | 'commandLine'>): boolean {
  const script = commandLine.split(' ')[1] ?? ''
  return packageManagers.test(exe) || (/^(?:python|perl)/.test(basename(exe)) && packageManagers.test(script))
}

function factsOf(tree: Tree | undefined): Doing['facts'] {
  if (!tree) return { process: 'unknown' }
  const { pid, startTicks, exe, userId } = tree.top
  return { process: exe, pid, startTicks, userId }
}
