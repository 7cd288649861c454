import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** JSON lines, or lines for eyes when a terminal is looking. */
export function createLog(level: string): Logger {
  return process.stdout.isTTY ? pino({ level }, prettyStream()) : pino({ level, base: null })
}

/** Takes JSON lines, and prints them for eyes. */
export const prettyStream = () => pretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', sync: true })
