import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/*
 * Machines that are apart in the field are processes on this one, and take each other's time. On a processor of its own each has what a
 * machine has, and no more.
 */
const canBind = process.platform === 'linux' && availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** What stands before a command, so that it and its children run on this processor alone; nothing, where that can't be had. */
export const onProcessor = (nth: number | undefined): string[] =>
  canBind && nth !== undefined ? ['taskset', '-c', String(nth % availableParallelism())] : []
