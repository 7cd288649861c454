import { z } from 'zod'
import { defineNotifier } from '../notifier.ts'

/**
 * A workflow of Microsoft Teams that starts "when a webhook request is received", with an adaptive card. A TextRun reads no
 * markup, which a TextBlock would. https://adaptivecards.io/explorer/TextRun.html
 */
export default defineNotifier({
  name: 'teams',
  settings: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }),
  deliver({ said }, { url }, { post, stop }) {
    const content = {
      ...{ $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard', version: '1.4' },
      body: [text(said.title, true), ...said.lines.map((line) => text(line, false))],
      actions: said.link === null ? [] : [{ type: 'Action.OpenUrl', title: 'Open', url: said.link }],
    }
    const body = JSON.stringify({ type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] })
    return post(url, { headers: { 'content-type': 'application/json; charset=utf-8' }, body }, stop)
  },
})

const text = (line: string, isTitle: boolean) => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text: line, ...(isTitle && { weight: 'bolder', size: 'medium' }) }],
})
