import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * By name, those that take half a minute or more: begun last, each of them would be awaited with a core that idles. The rest
 * goes by size, as ever.
 */
const long = [
  'life/chaos',
  'life/nothing-is-lost',
  'life/console-in-browser',
  'life/console-desk-pages',
  'life/backup-and-restore',
  'life/npm-start',
  'life/collector-restart-marks-nobody',
  'agent/isolate/isolation-in-namespaces',
  'agent/command/restore',
  'server/simulate/erlang',
  'server/cli/operators',
  'agent/sense/canary/touches',
].map((name) => `/test/${name}.test.ts`)

/** Keeps the order of groups and projects, and lets the longest of each begin first. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const projects = Map.groupBy(sorted, ({ project }) => project.name)
    return [...projects.values()].flatMap((own) => [...own.filter(isLong), ...own.filter((file) => !isLong(file))])
  }
}

const isLong = ({ moduleId }: TestSpecification): boolean => long.some((end) => moduleId.endsWith(end))
