/**
 * Questions of the test file that the demo shows, as bank customers wrote them. The last is one that
 * the data set labels "lost or stolen phone".
 */
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
