import { en } from './en'

/** What a language must have. Another one is a file beside en.ts of this type, and a line in `languages`. */
export type Catalogue = typeof en
export const languages: Record<string, Catalogue> = { en }

function choose(): { name: string; catalogue: Catalogue } {
  for (const wish of navigator.languages) {
    const name = wish.split('-')[0] ?? ''
    const catalogue = languages[name]
    if (catalogue) return { name, catalogue }
  }
  return { name: 'en', catalogue: en }
}

const chosen = choose()
export const language = chosen.name
export const text: Catalogue = chosen.catalogue
