/**
 * The texts of the test files that the demo shows, as people wrote them.
 */

/** The data set labels the last one "lost or stolen phone". */
export const QUESTIONS = [
  'I still have not received my new card, I ordered over a week ago.',
  'I got less cash than the one I specified in the ATM',
  'My phone was stolen yesterday.  What should I do?',
  'How do I change GBP to AUD?',
  'Can I add money with Apple Pay?',
  'HOw do I get my card back after the ATM has pulled it in?',
  'I would like to delete my account please.',
  'How old do I have to be?',
  "There is a direct debit that's not mine.",
  'dont understand why transfer failed',
  'Why am I being charged twice fro a restaurant?',
  'Someone stole my cards!',
];

/** Requests to a restaurant. */
export const BOOKINGS = [
  'Leida Todaro is the name i think for the booking tomorrow at 8:00PM.',
  'in 3 days, can I get a table for me and 3 others?',
  '2 adults and 4 children for Monday February 25, 2019 need a table.',
  'Could you please cancel the lunch booking for 4 at 11:45 am under Misha Stechlinski?',
  'I have a party of four at 9PM. I made it yesterday under Wesley Schwend',
  'any tables free now',
];

/** Requests, and the slots to ask for. */
export const ASKED = [
  {
    text: 'Hi am sorry I have to cancel the table for nine people at 9:30 my name is Ruthie Algien',
    slots: ['people', 'date', 'time', 'last_name'],
  },
  {
    text: "The booking's in three days, it's under the name Ruthanne Koenen",
    slots: ['people', 'date', 'first_name'],
  },
  {
    text: 'Book it for 2018/05/03 for 8 people at 6:45pm',
    slots: ['people', 'date', 'time', 'first_name'],
  },
];
