import type { HealthDetector } from './define-health.ts'
import addressConflict from './health/address-conflict.ts'
import agentHealth from './health/agent-health.ts'
import backupLate from './health/backup-late.ts'
import batteryWorn from './health/battery-worn.ts'
import bondDegraded from './health/bond-degraded.ts'
import certificateExpiring from './health/certificate-expiring.ts'
import clockOffset from './health/clock-offset.ts'
import clockUnsynchronised from './health/clock-unsynchronised.ts'
import connectionsTracked from './health/connections-tracked.ts'
import cpuBusy from './health/cpu-busy.ts'
import cpuHot from './health/cpu-hot.ts'
import cpuThrottled from './health/cpu-throttled.ts'
import defenceDown from './health/defence-down.ts'
import diskErrors from './health/disk-errors.ts'
import diskFull from './health/disk-full.ts'
import diskReadOnly from './health/disk-read-only.ts'
import diskSmart from './health/disk-smart.ts'
import diskStalls from './health/disk-stalls.ts'
import dnsSlow from './health/dns-slow.ts'
import endOfLife from './health/end-of-life.ts'
import gatewayPath from './health/gateway-path.ts'
import growingProcess from './health/growing-process.ts'
import hardwareOld from './health/hardware-old.ts'
import kernelCrash from './health/kernel-crash.ts'
import linkErrors from './health/link-errors.ts'
import memoryErrors from './health/memory-errors.ts'
import memoryPressure from './health/memory-pressure.ts'
import noRoute from './health/no-route.ts'
import openFiles from './health/open-files.ts'
import outOfMemory from './health/out-of-memory.ts'
import raidDegraded from './health/raid-degraded.ts'
import rebootPending from './health/reboot-pending.ts'
import secondDhcp from './health/second-dhcp.ts'
import serviceDown from './health/service-down.ts'
import serviceFlapping from './health/service-flapping.ts'
import swapStorm from './health/swap-storm.ts'
import updatesFailed from './health/updates-failed.ts'
import updatesMissing from './health/updates-missing.ts'

/** Every detector of health/; a test holds the list against the folder, and against the numbers that a policy may change. */
export const healthDetectors: readonly HealthDetector[] = [
  ...[diskFull, diskSmart, diskReadOnly, diskErrors, raidDegraded, diskStalls],
  ...[memoryPressure, swapStorm, outOfMemory, growingProcess, memoryErrors],
  ...[cpuBusy, cpuThrottled, cpuHot],
  ...[serviceDown, serviceFlapping],
  ...[linkErrors, gatewayPath, dnsSlow, noRoute, addressConflict, secondDhcp, bondDegraded],
  ...[openFiles, connectionsTracked],
  ...[clockOffset, clockUnsynchronised, rebootPending, updatesMissing, updatesFailed, certificateExpiring, backupLate],
  ...[kernelCrash, batteryWorn, hardwareOld, endOfLife, agentHealth],
  ...[defenceDown],
]
