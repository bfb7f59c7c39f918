import { text } from '@/text'

/** Who made a change: the store keeps "console:ada" and "cli:root". */
export function formatAuthor(author: string | null | undefined): string {
  if (!author) return '–'
  const colon = author.indexOf(':')
  const by = author.slice(0, colon)
  const name = author.slice(colon + 1)
  if (by === 'console') return name
  return by === 'cli' ? text.author.cli(name) : author
}

/** What helps against a reason, as a person at the pages can do it. */
export function mendOf(reason: string, said: string | null | undefined): string {
  const words = text.mends[reason] ?? said ?? ''
  return words.charAt(0).toUpperCase() + words.slice(1)
}
