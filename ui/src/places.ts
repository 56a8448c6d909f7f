// Every screen and its address: the one list that sidebar, palette, keys and tests read.

export type Hue = 'sleep' | 'heart' | 'activity' | 'workout' | 'body' | 'vitals'

export const PLACES = [
  'overview', 'sleep', 'heart', 'activity', 'workouts', 'body', 'vitals',
  'mobility', 'hearing', 'nutrition', 'cycle', 'medications', 'mind', 'types',
  'compare', 'query',
  'import', 'phone', 'servers', 'sources', 'settings', 'about',
] as const // prettier-ignore
export type Place = (typeof PLACES)[number]

/** The three parts of the sidebar. */
export const AREAS = PLACES.slice(0, 14)
export const TOOLS = PLACES.slice(14, 16)
export const DATA = PLACES.slice(16)

/** Areas that stand in the sidebar whether they have rows or not. */
export const ALWAYS: Place[] = ['overview', 'sleep', 'heart', 'activity', 'workouts', 'body', 'vitals', 'types']
/** Areas that somebody may not want to be seen over the shoulder: shown when asked for in the settings. */
export const OPT_IN: Place[] = ['cycle', 'mind']

export const HUES: Partial<Record<Place, Hue>> = {
  sleep: 'sleep',
  heart: 'heart',
  activity: 'activity',
  workouts: 'workout',
  body: 'body',
  vitals: 'vitals',
  mobility: 'activity',
  hearing: 'vitals',
  nutrition: 'body',
  cycle: 'heart',
  medications: 'vitals',
  mind: 'sleep',
}

/** The groups of types that an area shows. */
export const GROUPS: Partial<Record<Place, string[]>> = {
  sleep: ['sleep'],
  heart: ['heart'],
  activity: ['activity'],
  body: ['body'],
  vitals: ['vitals', 'respiratory'],
  mobility: ['mobility'],
  hearing: ['hearing'],
  nutrition: ['nutrition'],
  cycle: ['reproductive'],
  medications: ['medication'],
  mind: ['mindfulness'],
}

/** The types that an area shows first, by their words in addresses. */
export const FIRST: Partial<Record<Place, string[]>> = {
  heart: ['heart_rate', 'resting_heart_rate', 'heart_rate_variability_sdnn', 'heart_rate_recovery_one_minute', 'vo2_max', 'walking_heart_rate_average'],
  activity: ['step_count', 'active_energy_burned', 'distance_walking_running', 'apple_exercise_time', 'flights_climbed', 'basal_energy_burned'],
  body: ['body_mass', 'body_fat_percentage', 'body_mass_index', 'lean_body_mass', 'height'],
  vitals: ['oxygen_saturation', 'respiratory_rate', 'blood_pressure_systolic', 'blood_glucose', 'body_temperature', 'apple_sleeping_wrist_temperature'],
  mobility: ['walking_speed', 'walking_step_length', 'walking_asymmetry_percentage', 'walking_double_support_percentage', 'apple_walking_steadiness'],
  hearing: ['environmental_audio_exposure', 'headphone_audio_exposure'],
  nutrition: ['dietary_energy_consumed', 'dietary_water', 'dietary_caffeine', 'dietary_protein', 'dietary_carbohydrates', 'dietary_fat_total'],
  mind: ['mindful_session'],
}

/** The letter after G that leads there. */
export const LETTERS: Partial<Record<Place, string>> = {
  overview: 'o', sleep: 's', heart: 'h', activity: 'a', workouts: 'w', body: 'b', vitals: 'v', types: 't',
  compare: 'c', query: 'q', import: 'i', phone: 'p', sources: 'd', settings: 'e',
} // prettier-ignore

/** The colour of a type by its group. */
export function hueOf(group: string): Hue {
  const area = (Object.keys(GROUPS) as Place[]).find((place) => GROUPS[place]?.includes(group))
  return (area && HUES[area]) ?? 'vitals'
}

/** The area of a type's group; types without one stand among all types. */
export function areaOf(group: string): Place {
  return (Object.keys(GROUPS) as Place[]).find((place) => GROUPS[place]?.includes(group)) ?? 'types'
}
