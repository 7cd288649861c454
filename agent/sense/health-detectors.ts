import type { HealthDetector } from './define-health.ts'
import cpuBusy from './health/cpu-busy.ts'
import cpuHot from './health/cpu-hot.ts'
import cpuThrottled from './health/cpu-throttled.ts'
import diskErrors from './health/disk-errors.ts'
import diskFull from './health/disk-full.ts'
import diskReadOnly from './health/disk-read-only.ts'
import diskSmart from './health/disk-smart.ts'
import diskStalls from './health/disk-stalls.ts'
import growingProcess from './health/growing-process.ts'
import memoryPressure from './health/memory-pressure.ts'
import outOfMemory from './health/out-of-memory.ts'
import raidDegraded from './health/raid-degraded.ts'
import serviceDown from './health/service-down.ts'
import swapStorm from './health/swap-storm.ts'

/** Every detector of health/; a test holds the list against the numbers that a policy may change. */
export const healthDetectors: readonly HealthDetector[] = [
  ...[diskFull, diskSmart, diskReadOnly, diskErrors, raidDegraded, diskStalls],
  ...[memoryPressure, swapStorm, outOfMemory, growingProcess],
  ...[cpuBusy, cpuThrottled, cpuHot],
  ...[serviceDown],
]
