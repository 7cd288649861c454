import { Textarea, type TextareaProps } from '@mantine/core'

interface LongTextProps extends Omit<TextareaProps, 'value' | 'onChange'> {
  text: string
  onChange(text: string): void
}

/** Sentences, in a box that grows with them; as long as a comment may be unless `maxLength` says otherwise. */
export function LongText({ text, onChange, ...look }: LongTextProps) {
  return <Textarea autosize maxLength={10_000} {...look} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
}
