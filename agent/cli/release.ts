import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Fault } from '#shared/domain/fault.ts'
import type { Verb } from '../main.ts'
import { doorIn, typeAt } from '../release/door.ts'
import type { Answer } from '../release/release.ts'

/** Where systemd makes the agent's folder that everybody may enter. */
const usualFolder = '/run/tierline'

const verb: Verb = {
  summary: 'opens this machine by the release code you were read out: release CODE',
  takesWords: true,
  async run({ dataDir, people }, words) {
    const typed = words.length > 0 ? words.join('') : await text(process.stdin)
    const answer = await firstAnswer([join(dataDir, 'release'), people.folder, usualFolder].map(doorIn), typed.trim())
    if (!answer) throw new Fault('agent-away', nobodyThere)
    if (answer.kind !== 'released') throw new Fault('not-released', sayings(answer))
    process.stdout.write('The code is right: this machine is open again.\n')
  },
}
export default verb

async function firstAnswer(doors: readonly string[], typed: string): Promise<Answer | undefined> {
  for (const door of doors) {
    const answer = await typeAt(door, typed)
    if (answer) return answer
  }
  return undefined
}

/** Root can open its own machine anyhow; a code is for whoever isn't, and so that it is reported. */
const nobodyThere = `No agent answers here: start it (\`systemctl start tierline-agent\`, or as root \`tierline-agent run\`), then type the code again. \
If it can't run, root opens the machine by hand: stop the agent and its boot unit, delete isolation/isolation.json and isolation/rules.nft in its \
data folder, and delete the tables of our name that \`nft list tables\` shows (\`nft delete table inet tierline\`, and so on).`

function sayings(answer: Exclude<Answer, { kind: 'released' }>): string {
  switch (answer.kind) {
    case 'wrong':
      return `That is not the code of this isolation; ${answer.left} more tries within the hour. Compare the number on the screen with whoever reads it out.`
    case 'locked':
      return `Too many wrong codes: the next is looked at after ${new Date(answer.until).toISOString().slice(11, 16)} UTC.`
    case 'no-code':
      return 'A release code has 10 letters and digits, such as 7K3QX-9M2TA; that was something else, and isn’t counted.'
    case 'not-isolated':
      return 'This machine is not isolated; there is nothing to open.'
    case 'no-secret':
      return 'No release code can open this machine: its collector names no operators (`tierline init`), or it was isolated by an older agent.'
    case 'not-opened':
      return `The code is right, and the firewall did not open: ${answer.detail}. The agent goes on trying.`
  }
}
