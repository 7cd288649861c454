import { definePlaybook } from '../playbook.ts'

/** The cause is in the network: somebody goes there, with the part. */
export default definePlaybook({
  name: 'network',
  after: ({ kind, body, actor }) => {
    if (kind !== 'cause-named' || body.cause !== 'network') return {}
    const [place, part, note] = [String(body.place), String(body.part), String(body.note ?? '')]
    const text = `Place: ${place}\nPart: ${part}${note === '' ? '' : `\n\n${note}`}`
    return { opens: [{ task: 'visit', title: `Work order: ${part}, ${place}`, text, actor }] }
  },
})
