import { z } from 'zod'
import { defineNotifier } from '../notifier.ts'

/**
 * An incoming webhook of Slack (or Mattermost, which takes the same). Blocks of `plain_text` read no markup and no mentions.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export default defineNotifier({
  name: 'slack',
  settings: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }),
  deliver({ said }, { url }, { post, stop }) {
    const blocks = [
      { type: 'header', text: plain(said.title.slice(0, 150)) },
      ...(said.lines.length === 0 ? [] : [{ type: 'section', text: plain(said.lines.join('\n').slice(0, 3_000)) }]),
      ...(said.link === null ? [] : [{ type: 'actions', elements: [{ type: 'button', text: plain('Open'), url: said.link }] }]),
    ]
    const body = JSON.stringify({ text: escaped(said.title), blocks })
    return post(url, { headers: { 'content-type': 'application/json; charset=utf-8' }, body }, stop)
  },
})

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false })

/** The three that Slack reads; without them there is no link, mention or channel in a text. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
