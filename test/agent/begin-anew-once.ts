import { beginAnew } from '../../agent/ceiling.ts'

/** Says its pid and what it was started with, and begins anew the first time. */
process.stdout.write(`${process.pid} ${process.argv[2]}\n`)
if (process.env.TIERLINE_TEST_ANEW === undefined) {
  process.env.TIERLINE_TEST_ANEW = 'yes'
  beginAnew(process, process.env)
}
