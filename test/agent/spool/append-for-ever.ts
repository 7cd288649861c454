import { openTestSpool, signalRecord } from './records.ts'

/** Run as a process of its own: appends to the spool in argv[2] until it is killed, printing `seq about` of each append that resolved. */
const spool = await openTestSpool(process.argv[2] ?? '', 33_554_432)
for (let count = 0; ; count += 1) {
  const about = `${process.pid}-${count}`
  void spool.append('signals', signalRecord(about, count % 700)).then((seq) => process.stdout.write(`${seq} ${about}\n`))
  if (count % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
  if (count - spool.sendable('signals') > 500) await spool.append('signals', signalRecord(`${process.pid}-wait-${count}`))
}
